"""Position propensities of a day: how likely a click is at each position, relative to position 1.

The curve is estimated by intervention harvesting (see `harvesting`), from pairs that were shown at several positions
within the 28 days before the day, as known at its 00:00 UTC. If such pairs have fewer clicks than `least_clicks`, the
curve k^-0.7 is published with `source: assumed`.
"""

from collections.abc import Iterator, Mapping
from datetime import date, timedelta
from typing import Any

import numpy as np
import pandas as pd
from pyspark.sql import DataFrame, Window
from pyspark.sql import functions as F

from ranking import durations
from ranking.propensity import harvesting, positions
from ranking.traffic import daily_counts

WINDOW_DAYS = 28
EPOCH = date(1970, 1, 1)
ALL = "all"
SCHEMA = (
    "application string, day date, device string, position int, propensity double, low double, high double, "
    "source string, clicks_used long"
)


def build(inputs: Mapping[str, DataFrame], params: Mapping[str, Any]) -> DataFrame:
    """Return a curve per application, day and device seen in the 28 days before, and one for `all`.

    Input: counts.
    """
    shown = _shown(inputs["counts"], int(params["block_days"]))
    wanted = [(_number(first), _number(end)) for first, end in durations.day_bounds(params["ranges"])]
    least_clicks = int(params["least_clicks"])

    def curves(frame: pd.DataFrame) -> pd.DataFrame:
        return pd.DataFrame(_curves(frame, wanted, least_clicks), columns=COLUMNS)

    rows = _comparable(shown).unionByName(_presence(shown))
    found = rows.groupBy("application").applyInPandas(curves, SCHEMA)
    return found.where(durations.days_within(F.col("day"), params["ranges"]))


def _shown(counts: DataFrame, block_days: int) -> DataFrame:
    """Count impressions and clicks per unit, position, day, and first day that may know of them.

    A unit is a pair on one device, shown in one way, within one block of days. Days are numbered from 1970-01-01.
    """
    number = F.unix_date("day")
    keyed = daily_counts.evident(counts).select(
        "application", "device", number.alias("day"), "position",
        F.xxhash64("query", "item_id", "device", "shown_by", F.floor(number / block_days)).alias("unit"),
        F.xxhash64("query").alias("cluster"),
        F.unix_date(daily_counts.known_from()).alias("known"),
        F.col("placed_impressions").alias("impressions"), F.col("placed_clicks").alias("clicks"),
    )  # fmt: skip
    return keyed.where((F.col("impressions") > 0) | (F.col("clicks") > 0))


def _comparable(shown: DataFrame) -> DataFrame:
    """Keep the units that were clicked and shown at two or more positions; only these compare positions."""
    unit = Window.partitionBy("application", "unit")
    spread = F.max("position").over(unit) > F.min("position").over(unit)
    clicked = F.sum("clicks").over(unit) > 0
    return shown.withColumn("compares", spread & clicked).where("compares")


def _presence(shown: DataFrame) -> DataFrame:
    """Return the days on which each device had any impression, with the columns of the counts."""
    days = shown.where(F.col("impressions") > 0).groupBy("application", "device", "day")
    nothing = {name: F.lit(0) for name in ("unit", "cluster", "position", "impressions", "clicks")}
    return days.agg(F.min("known").alias("known")).withColumns({**nothing, "compares": F.lit(False)})


def _number(day: date) -> int:
    """Return the number of days since 1970-01-01."""
    return (day - EPOCH).days


def _curves(frame: pd.DataFrame, wanted: list[tuple[int, int]], least_clicks: int) -> Iterator[tuple[Any, ...]]:
    """Yield the rows of one application for the wanted ranges of day numbers [begin, end)."""
    application = frame["application"].iloc[0]
    ordered = frame.sort_values([name for name in frame.columns if name != "application"], ignore_index=True)
    units, there = ordered[ordered["compares"]], ordered[~ordered["compares"]]
    first, last = int(there["day"].min()) + 1, int(there["day"].max()) + WINDOW_DAYS
    for begin, end in wanted:
        for day in range(max(begin, first), min(end, last + 1)):
            for row in _day(units, there, day, least_clicks):
                yield application, EPOCH + timedelta(days=day), *row


def _day(units: pd.DataFrame, there: pd.DataFrame, day: int, least_clicks: int) -> Iterator[tuple[Any, ...]]:
    """Yield the curves of one day, from the rows of the days before it that were known before it."""
    devices = sorted(_before(there, day)["device"].unique())
    if not devices:
        return
    table = harvesting.Table.of(_before(units, day))
    pooled = harvesting.fit(table, harvesting.assumed())
    enough = table.clicks_used >= least_clicks
    for device in [ALL, *devices]:
        own = table if device == ALL else table.of_device(device)
        curve = pooled if device == ALL else harvesting.fit(own, pooled.log_propensity)
        yield from _rows(device, curve if enough else harvesting.assumed_curve(), enough, own.clicks_used)


def _before(rows: pd.DataFrame, day: int) -> pd.DataFrame:
    return rows[(rows["day"] >= day - WINDOW_DAYS) & (rows["day"] < day) & (rows["known"] <= day)]


def _rows(device: str, curve: harvesting.Curve, enough: bool, clicks: int) -> Iterator[tuple[Any, ...]]:
    source = "harvested" if enough else "assumed"
    bounds = np.round(np.stack([np.exp(curve.log_propensity), curve.low, curve.high]), 6)
    for place, (value, low, high) in zip(positions.PLACES, bounds.T.tolist(), strict=True):
        yield device, place, value, low, high, source, clicks


COLUMNS = ["application", "day", "device", "position", "propensity", "low", "high", "source", "clicks_used"]
