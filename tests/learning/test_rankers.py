"""A training run from a frame of examples to a registry row, and the scores that follow from it."""

import json
from datetime import date

import numpy as np
import pyarrow as pa
import pytest

from ranking.report import sections
from ranking.training import learner, rankers, registry, scores
from tests.learning import made
from tests.learning.conftest import struct

pytestmark = pytest.mark.spark
SETTINGS = {"least_test_queries": 10, "recipe": {"rounds": 40, "unwatched_rounds": 40, "min_rows_in_leaf": 5}}
PARAMS = {"session": "20260412-7f3a", "snapshots": {"examples": 4410}, "training": SETTINGS}


def table(rows) -> pa.Table:
    """Rows as `training_examples` has them, in no order at all."""
    features = [dict(zip(rows.names, map(float, values), strict=True)) for values in rows.features]
    columns = {name: list(getattr(rows, name)) for name in ("application", "query", "item_id")}
    columns |= {name: getattr(rows, name) for name in ("grade", "weight", "exam", "evidence", "long_clicks")}
    columns |= {"window_start": rows.window_start, "window_end": rows.window_end, "group_id": rows.group}
    columns |= {"examination": rows.examination}
    maps = {"behaviour": "f_", "content": "c_"}
    kind = pa.map_(pa.string(), pa.float64())
    for name, prefix in maps.items():
        entries = [[(key, value) for key, value in row.items() if key.startswith(prefix)] for row in features]
        columns[name] = pa.array(entries, kind)
    order = np.random.default_rng(5).permutation(len(rows))
    return pa.table(columns).take(order)


@pytest.fixture(scope="module")
def inputs(spark):
    """Six cuts of sixty queries, no grades, an empty registry."""
    return {
        "examples": spark.createDataFrame(table(made.examples(cuts=6))),
        "judgments": spark.createDataFrame([], "application string, query string, item_id string, grade double"),
        "rankers": spark.createDataFrame([], struct("rankers")),
    }


@pytest.fixture(scope="module")
def first(inputs):
    return rankers.build(inputs, PARAMS)


def test_a_first_ranker_that_beats_the_logged_order_is_promoted(first):
    row = first.to_pylist()[0]
    assert row["promoted"]
    assert "against logged order on" in row["verdict"]
    assert (row["model_version"], row["version"]) == ("r20260412-7f3a", 1)
    assert row["trained_through"] <= date(2026, 2, 5)
    assert row["tested_through"] == date(2026, 2, 19)
    assert json.loads(row["snapshots"])["snapshots"] == {"examples": 4410}
    model = learner.load_model(row["artifact"], row["sha256"], tuple(json.loads(row["features"])))
    assert model.names == made.examples().names


def test_the_same_snapshots_give_the_same_row_whatever_the_row_order(first, inputs, spark):
    rows = inputs["examples"].toArrow()
    turned = {**inputs, "examples": spark.createDataFrame(rows.take(list(range(rows.num_rows))[::-1]))}
    assert rankers.build(turned, PARAMS).equals(first)


def test_the_next_ranker_meets_the_champion_on_the_same_lists(first, inputs, spark):
    registered = spark.createDataFrame(first, struct("rankers"))
    row = rankers.build({**inputs, "rankers": registered}, {**PARAMS, "session": "next"}).to_pylist()[0]
    told = json.loads(row["metrics"])
    assert row["version"] == 2
    assert told["champion"] == "r20260412-7f3a"
    assert "against champion on" in row["verdict"]
    found = told["yardsticks"]["behaviour"]["rankers"]
    assert found["ours"] == found["champion"]


def test_a_corrupted_champion_stops_the_run(first, inputs, spark):
    broken = first.set_column(4, "artifact", pa.array([first["artifact"][0].as_py()[:-9]], pa.binary()))
    with pytest.raises(learner.ModelRefused, match="changed or cut short"):
        rankers.build({**inputs, "rankers": spark.createDataFrame(broken, struct("rankers"))}, PARAMS)


def test_the_report_of_a_trained_run_shows_every_part(first):
    page = sections.render_report(first.to_pylist()[0])
    for part in ("Promoted", "Learning curve", "Features by gain", "Under a random split", "Later behaviour", "cold"):
        assert part in page


@pytest.mark.parametrize(
    ("condition", "sentence"),
    [
        ("false", "Nothing to train on: there are no labelled pairs with features yet."),
        ("window_end = date'2026-01-15'", "Nothing to train on: 1 cut(s) so far, none ends before the newest"),
        ("query = 'query 1'", "Too little traffic: 1 query with a label >= 1, at least 30 needed."),
        ("item_id = 'i0'", "Too little traffic: 196 training examples, at least 300 needed."),
        ("grade = 3", "Degenerate input: every training label is the same"),
    ],
)
def test_input_that_teaches_nothing_is_a_row_that_says_so(inputs, condition, sentence):
    little = {**inputs, "examples": inputs["examples"].where(condition)}
    row = rankers.build(little, PARAMS).to_pylist()[0]
    assert row["verdict"].startswith(sentence)
    assert (row["promoted"], row["artifact"], row["sha256"]) == (False, None, None)
    assert row["model_version"] in sections.render_report(row)


def test_labels_alone_promote_nothing(inputs):
    unjudged = {**inputs, "examples": inputs["examples"].selectExpr("* except (evidence)", "0L as evidence")}
    row = rankers.build(unjudged, PARAMS).to_pylist()[0]
    assert not row["promoted"]
    assert row["verdict"].startswith("Cannot tell: 0 test queries")


def test_scores_are_those_of_the_newest_promoted_ranker_on_the_newest_day(first, spark):
    rows = [("shop", "boots", f"i{n}", date(2026, 4, day), n / 2.0, 3.0 - n, None, {"c_match": n / 3.0})
            for n in range(3) for day in (15, 16)]  # fmt: skip
    columns = ("application string, query string, item_id string, day date, f_clicks double, f_noise double, "
               "f_position_mean_28 double, named map<string,double>")  # fmt: skip
    features = spark.createDataFrame(rows, columns)
    unpromoted = first.set_column(2, "promoted", pa.array([False])).set_column(1, "version", pa.array([2]))
    registered = spark.createDataFrame(pa.concat_tables([first, unpromoted.cast(registry.SCHEMA)]), struct("rankers"))
    found = scores.build({"rankers": registered, "features": features}, {}).orderBy("item_id").toArrow()
    matrix = np.array([[n / 3, n / 2, 3 - n, np.nan] for n in range(3)], dtype=np.float32)
    row = first.to_pylist()[0]
    model = learner.load_model(row["artifact"], row["sha256"], tuple(json.loads(row["features"])))
    assert found["score"].to_pylist() == model.predict(matrix).tolist()
    assert set(found["feature_day"].to_pylist()) == {date(2026, 4, 16)}
    assert set(found["model_version"].to_pylist()) == {"r20260412-7f3a"}

    with pytest.raises(ValueError, match="was trained on c_match, f_noise, which query_item_features no longer has"):
        lacking = features.drop("f_noise", "named")
        scores.build({"rankers": registered, "features": lacking}, {})

    nobody = spark.createDataFrame(unpromoted.cast(registry.SCHEMA), struct("rankers"))
    assert scores.build({"rankers": nobody, "features": features}, {}).count() == 0
