"""Query-item features of a day: only what was known before its 00:00 UTC.

Columns (and map keys) that begin with `f_` come from behaviour, those with `c_` from content: the prefix is the
declaration that training masks by. What has a fixed name is a column; what a shop or its search engine names
itself lies in the map `named`.

A day has rows for the pairs with known traffic in the 28 days before, and for those that the search engine had
logged features for, on days on which the application had any traffic to learn from.
"""

from collections.abc import Collection, Mapping
from typing import Any

from pyspark.sql import DataFrame
from pyspark.sql import functions as F

from ranking import durations
from ranking.features import behaviour, content

PAIR = behaviour.PAIR


def build(inputs: Mapping[str, DataFrame], params: Mapping[str, Any]) -> DataFrame:
    """One row a pair and day. Inputs: interactions, propensities, items, log."""
    settings = {**content.DEFAULTS, **(params.get("features") or {})}
    known = behaviour.known_sums(inputs["interactions"], inputs["propensities"], params["ranges"])
    days = behaviour.active_days(inputs["interactions"], params["ranges"])
    rows = _with_cold(known, _cold(inputs["log"], days))
    warm = behaviour.features(rows, float(params["smoothing"]), float(params["click_smoothing"]))
    with_items = content.with_items(warm, inputs["items"], settings)
    _refuse_taken(settings, with_items.columns)
    complete = content.with_logged(with_items, inputs["log"], settings).withColumn("named", content.named())
    wanted = durations.days_within(F.col("day"), params["ranges"])
    return complete.drop("item_named", "engine_named").where(wanted)


def _refuse_taken(settings: Mapping[str, Any], columns: Collection[str]) -> None:
    """ValueError for an item attribute that would have the name of a column, which would hide it."""
    listed = {name.lower() for name in settings["behaviour"]}
    for name in settings["item_attributes"]:
        feature = f"{'f' if name.lower() in listed else 'c'}_item_{name}"
        if feature in columns:
            raise ValueError(
                f"search.yaml, features.item_attributes: {name!r} would be {feature}, which is a feature of its own; "
                "hand the attribute in under another name"
            )


def _with_cold(known: DataFrame, cold: DataFrame) -> DataFrame:
    """The cold pairs beside those with traffic; a pair that is both keeps its counts."""
    both = known.unionByName(cold, allowMissingColumns=True)
    counts = [F.max(name).alias(name) for name in known.columns if name not in (*PAIR, "day")]
    return both.groupBy(*PAIR, "day").agg(*counts)


def _cold(log: DataFrame, days: DataFrame) -> DataFrame:
    """Logged pairs on the days with traffic, wherever in the application it was."""
    logged = content.first_logged(log)
    return logged.join(F.broadcast(days), "application").where(F.col("day") >= F.col("since")).select(*PAIR, "day")
