"""Training examples: the label of a window beside the features of the day on which the window began."""

from collections.abc import Mapping
from typing import Any

from pyspark.sql import Column, DataFrame
from pyspark.sql import functions as F

from ranking import durations
from ranking.labels import splits
from ranking.labels.splits import LabelSettings

PAIR = ["application", "query", "item_id"]
BEHAVIOUR, CONTENT = "f_", "c_"
LABEL_COLUMNS = [
    "window_start", "window_end", "known_day", "grade", "confidence", "source", "evidence", "clicks",
    "long_clicks", "examination", "maturity", "exam",
]  # fmt: skip
NAMED = "named"  # features that a shop or its engine names itself, with the same prefixes


def build(inputs: Mapping[str, DataFrame], params: Mapping[str, Any]) -> DataFrame:
    """One row a labelled pair that had a feature row on `window_start`. Inputs: labels, features."""
    settings = LabelSettings.of(params)
    split = _splits(inputs["labels"], settings.horizon)
    labels = inputs["labels"].where(durations.days_within(F.col("window_end"), params["ranges"]))
    examples = labels.join(_features(inputs["features"]), [*PAIR, "window_start"]).join(split, "window_end")
    weight = F.when(F.col("source") == "prior", 0.0).otherwise(min(1.0, settings.cut_every / settings.horizon))
    group = F.xxhash64("application", "query", "window_end")
    return examples.withColumns({"group_id": group, "weight": weight}).select(
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


def _splits(labels: DataFrame, horizon: int) -> DataFrame:
    """The split of each cut by the newest cut at most a horizon later: none `test`, a whole horizon `train`.

    It looks no further than the input's window, so that a cut's rows settle once it is training.
    """
    cuts = labels.select("window_end").distinct()
    later = cuts.withColumnRenamed("window_end", "later")
    seen = F.datediff("later", "window_end")
    newest = cuts.join(later, seen.between(0, horizon)).groupBy("window_end").agg(F.max(seen).alias("ahead"))
    name = F.when(F.col("ahead") == 0, splits.TEST).when(F.col("ahead") < horizon, splits.GAP).otherwise(splits.TRAIN)
    return newest.select("window_end", name.alias("split"))
