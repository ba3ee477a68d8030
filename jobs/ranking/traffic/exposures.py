"""Exposures: the impressions of a pair on a day, counted once per client.

Only impressions in the ranker's own order and at a known position count. If a client has several impressions of a pair
on a day, the one that became known first is used, then the earliest. So a late record never changes what was known
before it arrived. Each request without a client id counts as a client of its own.
"""

from pyspark.sql import Column, DataFrame
from pyspark.sql import functions as F

from ranking.propensity import positions

OUTCOMES = ("click_known_at", "long_click_known_at", "cart_known_at", "purchase_known_at")
UNIT = ["application", "query", "item_id", "day"]


def of_clients(interactions: DataFrame) -> DataFrame:
    """Return one row per client, pair and day, with where the item was shown and when each outcome became known.

    Columns: application, query, item_id, day, client_id (null if unknown), device, position (single or band), shown_by,
    taken_twice, impression_known_at, own_click_known_at and the four `OUTCOMES`. The outcomes are those of any
    impression of that day, and null if there was none; `own_click_known_at` is the click on the impression that is
    used. An outcome is known no earlier than its impression.
    """
    client = F.coalesce(F.concat(F.lit("c"), "client_id"), F.concat(F.lit("q"), "query_id"))
    known = {name: F.when(F.col(name).isNotNull(), F.greatest(name, "impression_known_at")) for name in OUTCOMES}
    keyed = countable(interactions).withColumns({**known, "day": F.to_date("shown_at"), "client": client})
    first = F.struct(
        "impression_known_at", "shown_at", "query_id", "device", positions.band(F.col("position")).alias("position"),
        "shown_by", F.col("position_taken_twice").alias("taken_twice"),
        F.col("click_known_at").alias("own_click_known_at"),
    )  # fmt: skip
    # Partition by pair once, so that later groupings by the pair and more need no shuffle of their own.
    grouped = (
        keyed.repartition(*UNIT[:3])
        .groupBy(*UNIT, "client")
        .agg(F.min(first).alias("first"), *(F.min(name).alias(name) for name in ("client_id", *OUTCOMES)))
    )
    return grouped.select(*UNIT, "client_id", "first.*", *OUTCOMES).drop("shown_at", "query_id")


def countable(interactions: DataFrame) -> DataFrame:
    """Return the impressions in the ranker's own order and at a known position."""
    return interactions.where(F.col("in_ranker_order") & F.col("position").isNotNull())


def knowable_from(instant: str) -> Column:
    """Return the first day whose 00:00 UTC lies after the instant; null for null."""
    return F.date_add(F.to_date(instant), 1)
