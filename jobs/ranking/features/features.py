"""Features of (query, item) pairs on a day, from what was known before 00:00 UTC of that day.

Columns and map keys that begin with `f_` come from behaviour, those that begin with `c_` from content. Training masks
features by this prefix. Features with a fixed name are columns. Features whose names a shop or its search engine chose
are entries of the map `named`.

A day has a row for each pair with known traffic in the 28 days before it. If the application had any traffic in these
days, the day also has a row for each pair with logged features.
"""

from collections.abc import Mapping
from typing import Any

from pyspark.sql import DataFrame
from pyspark.sql import functions as F

from ranking import durations
from ranking.features import behaviour, content
from ranking.logs.fields import with_query

PAIR = behaviour.PAIR


def build(inputs: Mapping[str, DataFrame], params: Mapping[str, Any]) -> DataFrame:
    """Return one row per pair and day. Inputs: counts, propensities, items, log.

    Raises ValueError for an item attribute whose feature would have the name of a computed feature.
    """
    settings = {**content.DEFAULTS, **(params.get("features") or {})}
    log = with_query(inputs["log"], params)
    known = behaviour.known_sums(inputs["counts"], inputs["propensities"], params["ranges"])
    days = behaviour.active_days(inputs["counts"], params["ranges"])
    rows = _with_cold(known, _cold(log, days))
    warm = behaviour.features(rows, float(params["smoothing"]), float(params["click_smoothing"]))
    complete = content.with_content(warm, inputs["items"], log, settings)
    return complete.where(durations.days_within(F.col("day"), params["ranges"]))


def _with_cold(known: DataFrame, cold: DataFrame) -> DataFrame:
    """Add the cold pairs to the pairs with traffic. A pair that is in both keeps its counts."""
    both = known.unionByName(cold, allowMissingColumns=True)
    counts = [F.max(name).alias(name) for name in behaviour.SUMS]
    return both.groupBy(*PAIR, "day").agg(*counts)


def _cold(log: DataFrame, days: DataFrame) -> DataFrame:
    """Return the pairs with logged features, once per day on which their application had traffic."""
    logged = content.first_logged(log)
    return logged.join(F.broadcast(days), "application").where(F.col("day") >= F.col("since")).select(*PAIR, "day")
