"""The traffic of label windows: impressions, examinations and clicks in a window, as known at its cut."""

from collections.abc import Mapping
from typing import Any

from pyspark.sql import Column, DataFrame
from pyspark.sql import functions as F

from ranking import durations
from ranking.labels import splits
from ranking.labels.splits import LabelSettings
from ranking.propensity import positions
from ranking.traffic import arrivals, daily_counts

PAIR = ["application", "query", "item_id", "window_end"]
PLACE = ["application", "window_end", "device", "position"]
SUMS = ["impressions", "clicks", "long_clicks", "carts", "purchases", "ripe", "places"]
ANY_DEVICE = "all"  # the device whose curve is used for devices that have no curve
MILLION = 1_000_000  # examinations are summed as integers, in millionths, so that the order of rows does not matter


def traffic(
    counts: DataFrame, propensities: DataFrame, settings: LabelSettings, params: Mapping[str, Any]
) -> DataFrame:
    """Return one row per pair and cut: the counts `SUMS` (longs), examination and ripe_examination (doubles).

    Each client counts once per pair and day. `clicks` and `long_clicks` count impressions with such an outcome.
    `examination` is the expected number of examinations: the sum, over the impressions, of the propensity of their
    position and device, from the curves of the day `window_end`. `ripe` sums the impressions, in millionths, each
    multiplied by the share of the purchases of its day that had arrived at the cut (`arrivals`); `ripe_examination`
    sums the examinations likewise. `places` sums the positions of the impressions.
    """
    known = _known(counts, settings, params)
    arrived = arrivals.shares(known, params["attribution_window"])
    ripe, places = F.col("impressions") * F.col("arrived"), F.col("impressions") * F.col("position")
    known = known.join(F.broadcast(arrived), [*arrivals.CUT, "day"]).withColumns({"ripe": ripe, "places": places})
    sums = [F.sum(name).alias(name) for name in SUMS]
    placed = known.groupBy(*PAIR, "device", "position").agg(*sums)
    looks = F.sum(_micro_looks() * F.col("impressions")) / F.lit(float(MILLION))
    ripe_looks = F.sum((_micro_looks() * F.col("ripe")).cast("decimal(38,0)")).cast("double") / F.lit(float(MILLION**2))
    examined = (looks.alias("examination"), ripe_looks.alias("ripe_examination"))
    return _placed(placed, propensities).groupBy(*PAIR).agg(*sums, *examined)


def _known(counts: DataFrame, settings: LabelSettings, params: Mapping[str, Any]) -> DataFrame:
    """Return each count once per wanted cut whose window contains its day, if it was known at that cut."""
    cuts = splits.cuts_after(F.col("day"), settings.horizon, settings.cut_every, settings.cut_phase)
    spread = daily_counts.evident(counts.where(F.col("query") != "")).withColumn("window_end", F.explode(cuts))
    wanted = durations.days_within(F.col("window_end"), params["ranges"])
    return spread.where(wanted & (daily_counts.known_from() <= F.col("window_end")))


def _placed(counts: DataFrame, propensities: DataFrame) -> DataFrame:
    """Join the counts with the curve of their device and the curve of all devices; a missing curve is null."""
    curves = propensities.withColumnRenamed("day", "window_end").select(*PLACE, "propensity")
    anyones = curves.where(F.col("device") == ANY_DEVICE).drop("device")
    anyones = anyones.withColumnRenamed("propensity", "any_propensity")
    return counts.join(curves, PLACE, "left").join(anyones, ["application", "window_end", "position"], "left")


def _micro_looks() -> Column:
    """Return the expected examinations of one impression, in millionths."""
    assumed = positions.assumed_propensity(F.col("position"))
    return F.round(F.coalesce("propensity", "any_propensity", assumed) * MILLION).cast("long")
