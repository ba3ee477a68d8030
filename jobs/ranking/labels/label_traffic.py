"""The traffic of label windows: what was shown, looked at and clicked before a cut, as known then."""

from collections.abc import Mapping
from typing import Any

from pyspark.sql import Column, DataFrame
from pyspark.sql import functions as F

from ranking import durations
from ranking.labels import splits
from ranking.labels.splits import LabelSettings
from ranking.propensity import positions
from ranking.traffic import exposures

PAIR = ["application", "query", "item_id", "window_end"]
PLACE = ["application", "window_end", "device", "position"]
ANY_DEVICE = "all"  # whose curve stands for devices that have none of their own
MILLION = 1_000_000  # looks are summed in millionths: sums of integers do not depend on the order of rows


def traffic(
    interactions: DataFrame, propensities: DataFrame, settings: LabelSettings, params: Mapping[str, Any]
) -> DataFrame:
    """One row a pair and cut: impressions, clicks, long_clicks, matured (longs) and examination (double).

    A client counts once for a pair and day. Examination is the sum of the propensities, as published for the
    day `window_end`, of the places where the pair stood; `matured` counts impressions of days whose attribution
    window had closed.
    """
    cut = F.to_timestamp("window_end")
    closed = F.to_timestamp(F.date_add("day", 1)) + durations.span(params["attribution_window"]) <= cut
    counts = _shown(interactions, settings, params).groupBy(*PAIR, "device", "position").agg(
        F.count("*").alias("impressions"),
        F.count_if(F.col("click_known_at") < cut).alias("clicks"),
        F.count_if(F.col("long_click_known_at") < cut).alias("long_clicks"),
        F.count_if(closed).alias("matured"),
    )  # fmt: skip
    sums = [F.sum(name).alias(name) for name in ("impressions", "clicks", "long_clicks", "matured")]
    looks = F.sum(_micro_looks() * F.col("impressions")) / F.lit(float(MILLION))
    return _placed(counts, propensities).groupBy(*PAIR).agg(*sums, looks.alias("examination"))


def _shown(interactions: DataFrame, settings: LabelSettings, params: Mapping[str, Any]) -> DataFrame:
    """Exposures, once for each wanted cut whose window holds them and that knew them."""
    cuts = splits.cuts_after(F.col("day"), settings.horizon, settings.cut_every, settings.cut_phase)
    seen = exposures.of_clients(interactions.where(F.col("query") != "")).where(F.col("shown_by") != "click")
    spread = seen.withColumn("window_end", F.explode(cuts))
    wanted = durations.days_within(F.col("window_end"), params["ranges"])
    return spread.where(wanted & (F.col("impression_known_at") < F.to_timestamp("window_end")))


def _placed(counts: DataFrame, propensities: DataFrame) -> DataFrame:
    """The counts beside the curve of their device and that of all devices, where there is one."""
    curves = propensities.withColumnRenamed("day", "window_end").select(*PLACE, "propensity")
    anyones = curves.where(F.col("device") == ANY_DEVICE).drop("device")
    anyones = anyones.withColumnRenamed("propensity", "any_propensity")
    return counts.join(curves, PLACE, "left").join(anyones, ["application", "window_end", "position"], "left")


def _micro_looks() -> Column:
    assumed = positions.assumed_propensity(F.col("position"))
    return F.round(F.coalesce("propensity", "any_propensity", assumed) * MILLION).cast("long")
