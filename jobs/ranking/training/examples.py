"""Training examples: each label joined with the features of the first day of its window.

In the first weeks an application has windows before whose first day it had no traffic, so that no pair has features of
that day. Their examples get what was known by then without behaviour: the features of text, catalogue and engine.
"""

from collections.abc import Mapping
from datetime import date
from typing import Any

from pyspark.sql import Column, DataFrame
from pyspark.sql import functions as F

from ranking import durations
from ranking.blocks import setting
from ranking.features import content
from ranking.features.maps import BEHAVIOUR, CONTENT, feature_map
from ranking.labels import splits
from ranking.logs.fields import with_query

PAIR = ["application", "query", "item_id"]
LABEL_COLUMNS = [
    "window_start", "window_end", "known_day", "grade", "confidence", "source", "evidence", "clicks",
    "long_clicks", "examination", "maturity", "exam",
]  # fmt: skip


ApplicationDays = frozenset[tuple[str, date]]


def build(inputs: Mapping[str, DataFrame], params: Mapping[str, Any]) -> DataFrame:
    """Return one row per label whose pair has features on `window_start`, or whose application has none on that day.

    Inputs: labels, features, items, log. The column `split` is null. Which lists train and which test depends on newer
    cuts, so it stands in `example_splits` (docs/decisions/0007).
    """
    labels = inputs["labels"].where(durations.days_within(F.col("window_end"), params["ranges"]))
    starts = _application_days(labels, "window_start")
    features = inputs["features"].where(F.col("day").isin(sorted({day for _, day in starts})))
    examples = labels.join(_features(features), [*PAIR, "window_start"])
    cold = starts - _application_days(features, "day")
    if cold:
        examples = examples.unionByName(_cold(labels.where(_is_among(cold)), inputs, params))
    every = setting(params, "labels", splits.LABEL_DEFAULTS)["cut_every"]
    counted_once = F.least(F.lit(1.0), F.lit(every) / F.date_diff("window_end", "window_start"))
    weight = F.when(F.col("confidence") == 0, 0.0).otherwise(counted_once)
    group = F.xxhash64("application", "query", "window_end")
    split = F.lit(None).cast("string")
    return examples.withColumns({"group_id": group, "weight": weight, "split": split}).select(
        *PAIR, *LABEL_COLUMNS, "feature_day", "split", "group_id", "weight", "behaviour", "content"
    )


def _application_days(frame: DataFrame, day: str) -> ApplicationDays:
    """Return the applications and days that occur in a frame."""
    found = frame.select("application", day).distinct().toArrow()
    return frozenset(zip(found["application"].to_pylist(), found[day].to_pylist(), strict=True))


def _is_among(cold: ApplicationDays) -> Column:
    """Return true for a label whose application and `window_start` are listed."""
    by_application: dict[str, list[date]] = {}
    for application, day in sorted(cold):
        by_application.setdefault(application, []).append(day)
    return durations.any_of(
        [(F.col("application") == name) & F.col("window_start").isin(days) for name, days in by_application.items()]
    )


def _cold(labels: DataFrame, inputs: Mapping[str, DataFrame], params: Mapping[str, Any]) -> DataFrame:
    """Return labels with the features that are known without behaviour, in the columns that `_features` adds."""
    settings = {**content.DEFAULTS, **(params.get("features") or {})}
    dated = labels.withColumn("day", F.col("window_start"))
    log = with_query(inputs["log"], params)
    known = content.with_content(dated, inputs["items"], log, settings)
    maps = {"behaviour": feature_map(known, BEHAVIOUR), "content": feature_map(known, CONTENT)}
    return known.withColumns(maps).select(*labels.columns, F.col("day").alias("feature_day"), "behaviour", "content")


def _features(features: DataFrame) -> DataFrame:
    """Return the features of each pair and day as two maps, in which a missing value has no entry.

    `feature_day` keeps the day, so that the audit can check the join.
    """
    maps = {"behaviour": feature_map(features, BEHAVIOUR), "content": feature_map(features, CONTENT)}
    return features.withColumns(maps).select(
        *PAIR, F.col("day").alias("window_start"), F.col("day").alias("feature_day"), "behaviour", "content"
    )
