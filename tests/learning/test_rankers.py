"""A training run from examples to a registry row, and the scores of its ranker."""

import json
import logging
import tempfile
from dataclasses import replace
from datetime import UTC, date, datetime
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import Any

import numpy as np
import pyarrow as pa
import pytest
from pyspark.sql import SparkSession
from pyspark.sql import functions as F

from ranking.report import sections
from ranking.scratch import Place
from ranking.training import example_files, example_splits, feature_rows, learner, rankers, registry, scores
from tests.learning import made
from tests.learning.conftest import Frames, struct
from tidemark.steps.scratch import scratch_params

pytestmark = pytest.mark.spark
RECIPE = {"rounds": 40, "unwatched_rounds": 40, "min_rows_in_leaf": 5}
SETTINGS = {"least_test_queries": 10, "random_split": False, "recipe": RECIPE}
PARAMS = {"session": "20260412-7f3a", "snapshots": {"examples": 4410}, "training": SETTINGS}
BOTH = {**PARAMS, "training": {**SETTINGS, "random_split": True}}
"""With the comparison under a random split, which is a second training."""


def train(inputs: Any, params: Any) -> Any:
    """Split the examples, and run a training on the parts that the split says."""
    parts = example_splits.build(inputs, params)
    given = inputs["examples"].sparkSession.createDataFrame(parts, struct("example_splits"))
    return run({**inputs, "splits": given}, params)


def run(inputs: Any, params: Any) -> Any:
    """Run a training in a folder of its own, unless the params name one."""
    with TemporaryDirectory() as folder:
        return rankers.build(inputs, {**scratch_params(Path(folder)), **params})


@pytest.fixture(scope="module")
def inputs(spark: SparkSession) -> Any:
    """Six cuts of sixty queries, no human grades and an empty registry."""
    return {
        "examples": spark.createDataFrame(made.table(made.examples(cuts=6))),
        "judgments": spark.createDataFrame([], struct("judgments")),
        "horizons": spark.createDataFrame([], struct("label_horizons")),
        "rankers": spark.createDataFrame([], struct("rankers")),
        "decisions": spark.createDataFrame([], struct("ranker_decisions")),
    }


@pytest.fixture(scope="module")
def first(inputs: Any) -> Any:
    return train(inputs, BOTH)


def test_a_first_ranker_that_beats_the_logged_order_is_promoted(first: Any) -> None:
    row = first.to_pylist()[0]
    assert row["promoted"]
    assert "against logged order on" in row["verdict"]
    assert (row["model_version"], row["version"]) == ("r20260412-7f3a", 1)
    assert row["trained_through"] <= date(2026, 2, 5)
    assert row["tested_through"] == date(2026, 2, 19)
    assert json.loads(row["snapshots"])["snapshots"] == {"examples": 4410}
    model = learner.load_model(row["artifact"], row["sha256"], tuple(json.loads(row["features"])))
    assert model.names == made.examples().names


def test_the_same_snapshots_give_the_same_row_whatever_the_row_order(
    first: Any, inputs: Any, spark: SparkSession
) -> None:
    rows = inputs["examples"].toArrow()
    turned = {**inputs, "examples": spark.createDataFrame(rows.take(list(range(rows.num_rows))[::-1]))}
    assert train(turned, BOTH).equals(first)


def place(folder: Path) -> Place:
    return Place.of(scratch_params(folder))


def test_features_stay_in_sorted_files_whose_row_groups_have_the_given_length(
    inputs: Any, spark: SparkSession, tmp_path: Path
) -> None:
    """Items of a list are in a random order that is the same each time, so that ties favour no ranker."""
    parts = spark.createDataFrame(example_splits.build(inputs, PARAMS), struct("example_splits"))
    frame = example_files.of_lists(inputs["examples"], parts)
    content = example_files.survey(frame)
    assert content.names == made.examples().names
    assert content.rows == {"train": 2400, "gap": 600, "test": 600}
    found = example_files.write(frame, content, place(tmp_path / "one of ours"), 1000, seed=7)
    again = example_files.write(frame, content, place(tmp_path / "two"), 500, seed=7)
    other = example_files.write(frame, content, place(tmp_path / "three"), 1000, seed=8)
    assert isinstance(found.features, feature_rows.StoredFeatures)
    assert max(np.diff(found.features.files.ends)) <= 1000
    assert sorted(found.window_end.tolist()) == found.window_end.tolist()
    assert len(np.unique(found.group)) == len(np.flatnonzero(np.diff(found.group))) + 1
    assert found.item_id.tolist() == again.item_id.tolist()
    assert found.item_id.tolist() != other.item_id.tolist()
    firsts = found.item_id[np.r_[True, np.diff(found.group) != 0]]
    assert len(set(firsts)) == 10, "no item comes first in all lists"

    rows = made.examples(cuts=6)
    named = zip(rows.query, rows.window_end, rows.item_id, strict=True)
    there = dict(zip(named, made.matrix(rows), strict=True))
    keys = zip(found.query, found.window_end, found.item_id, strict=True)
    matrix = np.concatenate(list(feature_rows.batches(found.features)))
    assert np.array_equal(matrix, np.array([there[key] for key in keys]))


def test_a_run_says_how_it_fits_into_memory_and_is_refused_if_it_cannot(
    inputs: Any, caplog: pytest.LogCaptureFixture, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    elsewhere, scratch = tmp_path / "elsewhere", tmp_path / "scratch"
    elsewhere.mkdir()
    monkeypatch.setattr(tempfile, "tempdir", str(elsewhere))
    with caplog.at_level(logging.INFO, logger="ranking"):
        row = train(inputs, {**PARAMS, "training_memory": "900m", **scratch_params(scratch)}).to_pylist()[0]
    fits = "training on up to 2,400 of 3,600 examples with 4 features needs about"
    assert any(line.startswith(fits) and "of training_memory = 900m" in line for line in caplog.messages)
    assert any(line.startswith("boosted lambdarank, round ") for line in caplog.messages)
    assert json.loads(row["metrics"])["memory"]["limit"] == 900 << 20
    assert (scratch / "examples").is_dir(), "all files lie in scratch, which the loop removes"
    assert list(elsewhere.iterdir()) == []
    with pytest.raises(ValueError, match="2,400 training examples and as many twins with 4 features need about"):
        train(inputs, {**PARAMS, "training_memory": "60m"})


def test_the_next_ranker_meets_the_champion_on_the_same_lists(first: Any, inputs: Any, spark: SparkSession) -> None:
    registered = spark.createDataFrame(first, struct("rankers"))
    row = train({**inputs, "rankers": registered}, {**PARAMS, "session": "next"}).to_pylist()[0]
    told = json.loads(row["metrics"])
    assert told["left_out"] == []
    assert row["version"] == 2
    assert told["champion"] == "r20260412-7f3a"
    assert row["verdict"] == "Unchanged: the artifact is, byte for byte, that of the champion r20260412-7f3a."
    assert not row["promoted"]
    assert told["gate"]["rival"] == "champion", "it is compared all the same"
    assert told["champion_why"] == first["verdict"][0].as_py()
    found = told["yardsticks"]["behaviour"]["rankers"]
    assert found["ours"] == found["champion"]
    assert {each["change"] for each in told["drift"]} == {"steady"}, "the same examples"
    assert (first["drifted"][0].as_py(), row["drifted"]) == (None, 0)
    assert told["segments"]["rival"] == "champion"
    assert told["changes"]["lists"] == []
    assert "No list changed." in sections.render_report(row)


def decided(spark: SparkSession, action: str, model_version: str, after: int) -> Any:
    """Return one decision as the table of decisions."""
    row = {"decision_id": "d1", "decided_at": datetime(2026, 4, 13, tzinfo=UTC), "after_version": after}
    row |= {"action": action, "model_version": model_version, "reason": "it is bad", "decided_by": "ada"}
    names = [part.split("`")[1] for part in struct("ranker_decisions").split(", ")]
    return spark.createDataFrame([tuple(row.get(name) for name in names)], struct("ranker_decisions"))


def row_of(first: Any, spark: SparkSession, **values: Any) -> Any:
    """Return the row of the first run with other values."""
    row = pa.Table.from_pylist([{**first.to_pylist()[0], **values}], schema=registry.SCHEMA)
    return spark.createDataFrame(row, struct("rankers"))


def test_an_artifact_that_was_rolled_back_does_not_come_back_by_itself(
    first: Any, inputs: Any, spark: SparkSession
) -> None:
    """The gate would promote the artifact again: the champion before it is worse."""
    worse = train(inputs, {**PARAMS, "session": "worse", "training": {**SETTINGS, "recipe": {"rounds": 1}}})
    worse = row_of(worse, spark, promoted=True)
    registered = worse.union(row_of(first, spark, version=2))
    back = decided(spark, "rollback", "rworse", 2)
    known = {**inputs, "rankers": registered}

    held = train({**known, "decisions": back}, PARAMS).to_pylist()[0]
    assert held["verdict"].startswith("Held: rworse stays the champion, served again after a rollback by ada")
    assert json.loads(held["metrics"])["champion"] == "rworse"

    freed = back.union(decided(spark, "unfreeze", "rworse", 2).withColumn("decision_id", F.lit("d2")).withColumn(
        "decided_at", F.lit(datetime(2026, 4, 14, tzinfo=UTC))))  # fmt: skip
    newer = {**PARAMS, "snapshots": {"examples": 4411}}
    row = train({**known, "decisions": freed}, newer).to_pylist()[0]
    same = "the artifact is, byte for byte, that of r20260412-7f3a, which was rolled back"
    assert (row["promoted"], row["verdict"]) == (False, f"Unchanged: {same}.")


def test_the_same_artifact_is_judged_again_on_other_input_only(first: Any, inputs: Any, spark: SparkSession) -> None:
    refused = {**inputs, "rankers": row_of(first, spark, promoted=False)}
    row = train(refused, PARAMS).to_pylist()[0]
    assert row["verdict"] == "Unchanged: input and artifact are those of r20260412-7f3a."
    graded = {**PARAMS, "snapshots": {"examples": 4410, "judgments": 7}}
    assert train(refused, graded).to_pylist()[0]["promoted"]


def test_a_corrupted_champion_stops_the_run(first: Any, inputs: Any, spark: SparkSession) -> None:
    broken = first.set_column(4, "artifact", pa.array([first["artifact"][0].as_py()[:-9]], pa.binary()))
    with pytest.raises(learner.ModelRefused, match="changed or cut short"):
        train({**inputs, "rankers": spark.createDataFrame(broken, struct("rankers"))}, PARAMS)


def test_the_report_of_a_trained_run_shows_every_part(first: Any) -> None:
    page = sections.render_report(first.to_pylist()[0])
    for part in ("Promoted", "Learning curve", "Features by gain", "Under a random split", "Later behaviour", "cold"):
        assert part in page
    assert "of the 2,048 MB of training_memory; bins chosen by a sample of 20,000 rows" in page


@pytest.mark.parametrize(
    ("condition", "sentence"),
    [
        ("false", "Nothing to train on yet: 0 cuts, 0 queries and 0 labelled pairs are at hand."),
        (
            "window_end = date'2026-01-15'",
            "Nothing to train on yet: 1 cut, 60 queries and 600 labelled pairs are at hand.",
        ),
        ("query = 'query 1'", "Too little traffic: 1 query with a label >= 1, but at least 30 are needed;"),
        ("item_id = 'i0'", "Too little traffic: 196 training examples, but at least 300 are needed;"),
        ("grade = 3", "Degenerate input: all training labels are equal"),
    ],
)
def test_a_run_that_cannot_train_writes_a_row_with_the_reason(inputs: Any, condition: str, sentence: str) -> None:
    little = {**inputs, "examples": inputs["examples"].where(condition)}
    row = train(little, PARAMS).to_pylist()[0]
    assert row["verdict"].startswith(sentence)
    assert (row["promoted"], row["artifact"], row["sha256"]) == (False, None, None)
    assert row["model_version"] in sections.render_report(row)


def test_the_label_horizon_is_in_the_verdict_in_the_metrics_and_on_the_page(inputs: Any, frame: Frames) -> None:
    horizon = {"revision": 2, "horizon_days": 14, "found_by": "history", "settled": False, "history_days": 36}
    horizon |= {"days_needed": 35, "first_day": date(2026, 1, 1), "since": date(2026, 2, 4)}
    little = {**inputs, "examples": inputs["examples"].where("query = 'query 1'")}
    little["horizons"] = frame("label_horizons", [{**horizon, "revision": 1, "horizon_days": 7}, horizon])
    row = train(little, PARAMS).to_pylist()[0]
    assert "are needed; 36 days of logs, 6 cuts, 1 query and 10 labelled pairs are at hand." in row["verdict"]
    known = {"days": 14, "found_by": "history", "since": "2026-02-04", "history_days": 36}
    assert json.loads(row["metrics"])["horizon"] == known
    assert "14 days since 2026-02-04, the longest for 36 days of logs" in sections.render_report(row)


def test_labels_alone_promote_nothing(inputs: Any) -> None:
    unjudged = {**inputs, "examples": inputs["examples"].selectExpr("* except (evidence)", "0L as evidence")}
    row = train(unjudged, PARAMS).to_pylist()[0]
    assert not row["promoted"]
    assert row["verdict"].startswith("Cannot tell: grades or clicks can judge 0 test queries")


def test_scores_are_those_of_the_newest_promoted_ranker_on_the_newest_day(first: Any, spark: SparkSession) -> None:
    rows = [("shop", "boots", f"i{n}", date(2026, 4, day), n / 2.0, 3.0 - n, None, {"c_match": n / 3.0})
            for n in range(3) for day in (15, 16)]  # fmt: skip
    columns = ("application string, query string, item_id string, day date, f_clicks double, f_noise double, "
               "f_position_mean_28 double, named map<string,double>")  # fmt: skip
    features = spark.createDataFrame(rows, columns)
    unpromoted = first.set_column(2, "promoted", pa.array([False])).set_column(1, "version", pa.array([2]))
    unpromoted = unpromoted.set_column(0, "model_version", pa.array(["rother"]))
    registered = spark.createDataFrame(pa.concat_tables([first, unpromoted.cast(registry.SCHEMA)]), struct("rankers"))
    none = spark.createDataFrame([], struct("ranker_decisions"))
    found = (
        scores.build({"rankers": registered, "features": features, "decisions": none}, {}).orderBy("item_id").toArrow()
    )
    matrix = np.array([[n / 3, n / 2, 3 - n, np.nan] for n in range(3)], dtype=np.float32)
    row = first.to_pylist()[0]
    model = learner.load_model(row["artifact"], row["sha256"], tuple(json.loads(row["features"])))
    assert found["score"].to_pylist() == model.predict(matrix).tolist()
    assert set(found["feature_day"].to_pylist()) == {date(2026, 4, 16)}
    assert set(found["model_version"].to_pylist()) == {"r20260412-7f3a"}
    assert set(found["served_because"].to_pylist()) == {row["verdict"]}

    quiet = spark.createDataFrame(
        [("quiet", "boots", "i0", date(2026, 3, 2), 1.0, 1.0, None, {"c_match": 1.0})], columns
    )
    both = (
        scores.build({"rankers": registered, "features": features.union(quiet), "decisions": none}, {})
        .toArrow()
        .to_pylist()
    )
    assert {(row["application"], row["feature_day"]) for row in both} == {
        ("shop", date(2026, 4, 16)), ("quiet", date(2026, 3, 2))
    }, "an application without traffic lately keeps its scores"  # fmt: skip

    with pytest.raises(ValueError, match="was trained on c_match, f_noise, which query_item_features no longer has"):
        lacking = features.drop("f_noise", "named")
        scores.build({"rankers": registered, "features": lacking, "decisions": none}, {})

    nobody = spark.createDataFrame(unpromoted.cast(registry.SCHEMA), struct("rankers"))
    assert scores.build({"rankers": nobody, "features": features, "decisions": none}, {}).count() == 0


def test_scores_follow_a_decision_and_say_so(first: Any, inputs: Any, spark: SparkSession) -> None:
    columns = "application string, query string, item_id string, day date, f_clicks double, named map<string,double>"
    columns += ", f_noise double, f_position_mean_28 double"
    features = spark.createDataFrame(
        [("shop", "boots", "i1", date(2026, 4, 16), 1.0, {"c_match": 1.0}, 0.0, 1.0)], columns
    )
    newer = row_of(first, spark, model_version="rnewer", version=2, sha256="0" * 64)
    known = {"rankers": row_of(first, spark).union(newer), "features": features}
    back = decided(spark, "rollback", "r20260412-7f3a", 2)
    found = scores.build({**known, "decisions": back}, {}).collect()[0]
    assert found["model_version"] == "r20260412-7f3a"
    assert found["served_because"] == "served again after a rollback by ada at 2026-04-13T00:00Z: it is bad"


def test_a_query_with_more_items_than_lightgbm_takes_trains_and_is_named(
    monkeypatch: pytest.MonkeyPatch, inputs: Any
) -> None:
    """The limit is lowered from 10,000 to 8 items here."""
    monkeypatch.setattr(learner, "MAX_GROUP", 8)
    row = train(inputs, PARAMS).to_pylist()[0]
    left_out = json.loads(row["metrics"])["left_out"]
    assert row["artifact"] is not None
    assert row["training_rows"] == 4 * 60 * 8
    assert len(left_out) == 4 * 60
    assert {(each["rows"], each["left_out"]) for each in left_out} == {(10, 2)}
    page = sections.render_report(row)
    assert "240 list(s) have more examples than LightGBM accepts in one list; the 480 with the least evidence" in page
    assert "window until 2026-01-15" in page
    parts = json.loads(row["metrics"])["split"]["parts"]
    assert parts["test"]["rows"] == 600, "tests see all items"


def test_foreign_names_are_trained_on_and_scored(inputs: Any, spark: SparkSession) -> None:
    """Names with dots, and names that differ by case only, which Spark would read as paths or as one column."""
    foreign = ("c_engine_BM25_Title", "c_engine_bm25_title", "c_engine_title.bm25", "f_position_mean_28")
    renamed = replace(made.examples(cuts=6), names=foreign)
    row = train({**inputs, "examples": spark.createDataFrame(made.table(renamed))}, PARAMS)
    assert json.loads(row["features"][0].as_py()) == list(foreign)
    named = {name: float(number) for number, name in enumerate(foreign[:3])}
    columns = "application string, query string, item_id string, day date, f_position_mean_28 double, "
    columns += "named map<string,double>"
    pairs = spark.createDataFrame([("shop", "boots", "i1", date(2026, 4, 16), 3.0, named)], columns)
    promoted = row.set_column(2, "promoted", pa.array([True]))
    found = scores.build(
        {**inputs, "rankers": spark.createDataFrame(promoted, struct("rankers")), "features": pairs}, {}
    ).toArrow()
    model = learner.load_model(row["artifact"][0].as_py(), row["sha256"][0].as_py(), foreign)
    assert found["score"].to_pylist() == model.predict(np.array([[0, 1, 2, 3]], dtype=np.float32)).tolist()


def test_cuts_before_a_pause_in_traffic_train(inputs: Any, spark: SparkSession) -> None:
    """The cuts before a pause train, although no cut follows them within a horizon."""
    rows = made.examples(cuts=6)
    late = rows.window_end == rows.window_end.max()
    paused = replace(rows, window_start=rows.window_start + 90 * late, window_end=rows.window_end + 90 * late)
    row = train({**inputs, "examples": spark.createDataFrame(made.table(paused))}, PARAMS).to_pylist()[0]
    parts = json.loads(row["metrics"])["split"]["parts"]
    assert {name: part["groups"] for name, part in parts.items() if name in ("gap", "test")} == {"gap": 0, "test": 60}
    assert parts["train"]["groups"] + parts["valid"]["groups"] == 5 * 60
    assert row["trained_through"] == date(2026, 2, 12)


def test_the_scheme_that_trains_is_the_one_that_the_column_says(inputs: Any, spark: SparkSession) -> None:
    """The parts are changed by hand in the table: half of the queries neither train nor test."""
    parts = example_splits.build(inputs, PARAMS).to_pylist()
    half = [{**row, "split": "dropped" if int(row["query"].split()[1]) % 2 else row["split"]} for row in parts]
    given = spark.createDataFrame(pa.Table.from_pylist(half, schema=example_splits.SCHEMA))
    row = run({**inputs, "splits": given}, PARAMS).to_pylist()[0]
    found = json.loads(row["metrics"])["split"]["parts"]
    assert {name: part["queries"] for name, part in found.items() if name in ("test", "dropped")} == {
        "test": 30, "dropped": 30
    }  # fmt: skip
    assert found["train"]["queries"] + found["valid"]["queries"] == 30

    older = spark.createDataFrame(pa.Table.from_pylist([
        row for row in parts if row["window_end"] < date(2026, 2, 12)], schema=example_splits.SCHEMA))  # fmt: skip
    row = run({**inputs, "splits": older}, PARAMS).to_pylist()[0]
    assert row["test_rows"] == 0, "a cut without a part is not used"


@pytest.mark.parametrize(
    ("split", "promoted", "scheme", "unseen"),
    [
        ({"scheme": "random"}, False, "random", 0),
        ({"scheme": "leave_last_out"}, True, "leave last out", 0),
        ({"disjoint": "query", "test_share": 0.4}, True, "global temporal", None),
    ],
)
def test_a_ranker_is_trained_and_told_by_another_scheme(
    inputs: Any, split: dict[str, Any], promoted: bool, scheme: str, unseen: int | None
) -> None:
    row = train(inputs, {**BOTH, "split": split}).to_pylist()[0]
    told = json.loads(row["metrics"])
    assert row["promoted"] == promoted
    assert row["verdict"].startswith("Promoted: " if promoted else "Cannot tell: the split is random and ignores time")
    assert told["split"]["scheme"] == scheme
    tested = told["split"]["parts"]["test"]["queries"]
    assert told["split"]["unseen_queries"] == (tested if unseen is None else unseen)
    assert ("random_split" in told) == (scheme != "random")
    page = sections.render_report(row)
    assert f"Split: {scheme}" in page
    assert ("Under a random split" in page) == (scheme != "random")


def test_a_feature_that_equals_the_future_label_stops_the_run(inputs: Any) -> None:
    planted = inputs["examples"].selectExpr(
        "* except (content)", "map_concat(content, map('c_engine_rank', 7 - grade / 3)) as content"
    )
    row = train({**inputs, "examples": planted}, PARAMS).to_pylist()[0]
    assert (row["promoted"], row["artifact"]) == (False, None)
    assert row["verdict"].startswith("Leak: the feature c_engine_rank equals the label of ")
