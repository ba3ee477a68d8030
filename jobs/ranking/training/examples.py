"""Training examples: the label of a window beside the features of the day on which the window began."""

from collections.abc import Mapping
from typing import Any

from pyspark.sql import Column, DataFrame
from pyspark.sql import functions as F

from ranking import durations
from ranking.labels.splits import LabelSettings

PAIR = ["application", "query", "item_id"]
BEHAVIOUR, CONTENT = "f_", "c_"
LABEL_COLUMNS = [
    "window_start", "window_end", "known_day", "grade", "confidence", "source", "evidence", "clicks",
    "long_clicks", "examination", "maturity", "exam",
]  # fmt: skip
NAMED = "named"  # features that a shop or its engine names itself, with the same prefixes


def build(inputs: Mapping[str, DataFrame], params: Mapping[str, Any]) -> DataFrame:
    """One row a labelled pair that had a feature row on `window_start`. Inputs: labels, features.

    Which cuts train and which test depends on the newest cut of all, so a training run decides it and says so in its
    row of `rankers`; the column `split` is empty (docs/decisions/0030).
    """
    settings = LabelSettings.of(params)
    labels = inputs["labels"].where(durations.days_within(F.col("window_end"), params["ranges"]))
    examples = labels.join(_features(inputs["features"]), [*PAIR, "window_start"])
    weight = F.when(F.col("source") == "prior", 0.0).otherwise(min(1.0, settings.cut_every / settings.horizon))
    group = F.xxhash64("application", "query", "window_end")
    split = F.lit(None).cast("string")
    return examples.withColumns({"group_id": group, "weight": weight, "split": split}).select(
        *PAIR, *LABEL_COLUMNS, "feature_day", "split", "group_id", "weight", "behaviour", "content"
    )


def _features(features: DataFrame) -> DataFrame:
    """The pair's features of a day as two maps; a missing value has no entry. The day stays as proof."""
    maps = {"behaviour": _map(features, BEHAVIOUR), "content": _map(features, CONTENT)}
    return features.withColumns(maps).select(
        *PAIR, F.col("day").alias("window_start"), F.col("day").alias("feature_day"), "behaviour", "content"
    )


def _map(features: DataFrame, prefix: str) -> Column:
    """The columns of a prefix, and what of `named` has the prefix and is no column; absent values left out."""
    columns = sorted(name for name in features.columns if name.startswith(prefix))
    entries = [part for name in columns for part in (F.lit(name), F.col(name).cast("double"))]
    none = F.create_map().cast("map<string,double>")
    full = F.create_map(*entries).cast("map<string,double>")
    if NAMED in features.columns:
        own = F.map_filter(F.coalesce(NAMED, none), lambda name, _: name.startswith(prefix) & ~name.isin(columns))
        full = F.map_concat(full, own)
    return F.map_filter(full, lambda _, value: value.isNotNull() & ~F.isnan(value))
