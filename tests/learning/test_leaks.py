"""The leak canary: the audit refuses features from the future, and data after a cut changes no label."""

from datetime import UTC, date, datetime, timedelta
from pathlib import Path
from typing import Any

import pytest
from pyspark.sql import DataFrame
from pyspark.sql import functions as F

from ranking.labels import labels
from ranking.traffic import daily_counts
from ranking.training import examples
from tests.learning import world
from tests.learning.conftest import Frames, spec
from tidemark.steps.scratch import scratch_params

pytestmark = pytest.mark.spark
CUT = date(2026, 4, 16)
RANGES = ((datetime(2026, 4, 16, tzinfo=UTC), datetime(2026, 4, 17, tzinfo=UTC)),)
PARAMS = {"ranges": RANGES, "attribution_window": "1d"}
PAIR = {"application": "shop", "query": "boots", "item_id": "a"}


def violations(frame: DataFrame) -> Any:
    """Count the rows that break each `rows where` check of severity fail."""
    checks = [check for check in spec("training_examples")["expectations"] if check["severity"] == "fail"]
    conditions = [check["expect"].removeprefix("rows where ") for check in checks]
    counts = frame.agg(*(F.count_if(F.expr(condition)) for condition in conditions)).first()
    return dict(zip(conditions, counts, strict=True))


@pytest.fixture
def built(frame: Frames) -> Any:
    """Examples, and inputs in which all features but those of the first day equal the label, one row per day."""
    label = {**PAIR, "window_start": CUT - timedelta(days=14), "window_end": CUT, "known_day": CUT, "grade": 3.0,
             "source": "behaviour", "exam": False}  # fmt: skip
    days = [CUT - timedelta(days=back) for back in range(15)]
    features = [{**PAIR, "day": day, "f_clicks_28": 3.0 if day > days[-1] else 0.0} for day in days]
    inputs = {"labels": frame("relevance_labels", [label]), "features": frame("query_item_features", features),
              "items": frame("catalog_items", []), "log": frame("feature_log", [])}  # fmt: skip
    return inputs, examples.build(inputs, PARAMS)


def test_the_build_takes_the_features_of_the_first_day(built: Any) -> None:
    _, frame = built
    row = frame.first()
    assert (row.feature_day, row.behaviour) == (CUT - timedelta(days=14), {"f_clicks_28": 0.0})
    assert set(violations(frame).values()) == {0}


def test_an_equal_day_join_is_refused_by_the_audit(built: Any) -> None:
    inputs, right = built
    late = inputs["features"].where(F.col("day") == F.lit(CUT)).select("day", "f_clicks_28")
    leaky = right.crossJoin(late).withColumns(
        {"feature_day": F.col("day"), "behaviour": F.create_map(F.lit("f_clicks_28"), "f_clicks_28")}
    )
    found = violations(leaky)
    assert found["feature_day <> window_start"] == 1
    assert found["feature_day >= window_end"] == 1


def test_shuffling_what_lies_after_the_cut_changes_no_label(frame: Frames, tmp_path: Path) -> None:
    """Clicks, items and arrivals after the cut are shuffled; the labels of the cut stay byte for byte the same."""
    cut = datetime(2026, 1, 22, tzinfo=UTC)
    rows = world.interactions(world.truth(queries=8), days=28, sessions=10)
    after = rows["shown_at"] >= cut
    other = rows.copy()
    columns = ["item_id", "clicks", "long_clicks", "click_known_at", "long_click_known_at"]
    other.loc[after, columns] = rows.loc[after, columns].sample(frac=1, random_state=1).to_numpy()
    assert not rows.equals(other)
    params = {**PARAMS, "ranges": ((cut, cut + timedelta(days=1)),)}

    def table(shown: Any, scratch: Path) -> Any:
        records = shown.astype(object).where(shown.notna(), None).to_dict("records")
        always = {"ranges": ((datetime(2026, 1, 1, tzinfo=UTC), datetime(2026, 3, 1, tzinfo=UTC)),)}
        counts = daily_counts.build(
            {"interactions": frame("interactions", records), "automated": frame("automated_clients", [])}, always
        )
        inputs = {"counts": counts, "judgments": frame("judgments", []), "features": frame("query_item_features", []),
                  "propensities": frame("position_propensities", []),
                  "horizons": frame("label_horizons", [{"revision": 1, "horizon_days": 14}])}  # fmt: skip
        return labels.build(inputs, {**params, **scratch_params(scratch)}).orderBy("query", "item_id").toArrow()

    found = table(rows, tmp_path / "first")
    assert found.num_rows > 40
    assert found.equals(table(other, tmp_path / "other"))
