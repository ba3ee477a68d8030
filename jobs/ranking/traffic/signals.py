"""Query-item signals: the counts from which relevance is inferred. Readers apply the propensities."""

from collections.abc import Mapping
from typing import Any

from pyspark.sql import DataFrame
from pyspark.sql import functions as F

from ranking import durations
from ranking.traffic import exposures

KEYS = ["application", "query", "item_id", "day", "device", "position", "shown_by"]


def build(inputs: Mapping[str, DataFrame], params: Mapping[str, Any]) -> DataFrame:
    """Return the counts by day, device, position and evidence. Each client counts once per pair and day.

    Input: interactions (see `exposures`).
    """
    wanted = inputs["interactions"].where(durations.instants_within(F.col("shown_at"), params["ranges"]))
    counted = exposures.of_clients(wanted)
    wanted_days = durations.days_within(F.col("day"), params["ranges"])
    return (
        counted.where(wanted_days)
        .groupBy(*KEYS)
        .agg(
            F.count("*").alias("impressions"),
            F.count("click_known_at").alias("clicks"),
            F.count("long_click_known_at").alias("long_clicks"),
            F.count("cart_known_at").alias("carts"),
            F.count("purchase_known_at").alias("purchases"),
        )
    )
