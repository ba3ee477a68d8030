"""Training examples: each label joined with the features of the first day of its window."""

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
NAMED = "named"  # the map of features whose names a shop or its search engine chose, with the same prefixes


def build(inputs: Mapping[str, DataFrame], params: Mapping[str, Any]) -> DataFrame:
    """Return one row per label whose pair has features on `window_start`. Inputs: labels, features.

    The column `split` is null. Which cuts train and which test depends on the newest cut, so each training run decides
    it and lists the cuts in its row of `rankers` (docs/decisions/0030).
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
    """Return the features of each pair and day as two maps, in which a missing value has no entry.

    `feature_day` keeps the day, so that the audit can check the join.
    """
    maps = {"behaviour": _map(features, BEHAVIOUR), "content": _map(features, CONTENT)}
    return features.withColumns(maps).select(
        *PAIR, F.col("day").alias("window_start"), F.col("day").alias("feature_day"), "behaviour", "content"
    )


def _map(features: DataFrame, prefix: str) -> Column:
    """Return a map of the columns with a prefix and of the entries of `named` with that prefix.

    A column wins over an entry of the same name. Null and NaN values have no entry.
    """
    columns = sorted(name for name in features.columns if name.startswith(prefix))
    entries = [part for name in columns for part in (F.lit(name), F.col(name).cast("double"))]
    none = F.create_map().cast("map<string,double>")
    full = F.create_map(*entries).cast("map<string,double>")
    if NAMED in features.columns:
        own = F.map_filter(F.coalesce(NAMED, none), lambda name, _: name.startswith(prefix) & ~name.isin(columns))
        full = F.map_concat(full, own)
    return F.map_filter(full, lambda _, value: value.isNotNull() & ~F.isnan(value))
