"""Exposures: a client counts once for a pair and day.

Only what was shown in the ranker's own order, at a known position. Of a client's impressions of the pair on that day
the one that we learnt of first (then the earliest) stands for all, so that a late arrival never changes what was
known before it. A client without an id is a new one in each request.
"""

from pyspark.sql import Column, DataFrame
from pyspark.sql import functions as F

from ranking.propensity import positions

OUTCOMES = ("click_known_at", "long_click_known_at", "cart_known_at", "purchase_known_at")
UNIT = ["application", "query", "item_id", "day"]


def of_clients(interactions: DataFrame) -> DataFrame:
    """One row a client, pair and day: where it was shown, and since when each kind of outcome is known, or null.

    Columns: application, query, item_id, day, device, position (place or band), shown_by, taken_twice,
    impression_known_at, the four `*_known_at` of any impression that day, own_click_known_at (of the one that
    stands for all). An outcome is known no earlier than its impression.
    """
    client = F.coalesce(F.concat(F.lit("c"), "client_id"), F.concat(F.lit("q"), "query_id"))
    known = {name: F.when(F.col(name).isNotNull(), F.greatest(name, "impression_known_at")) for name in OUTCOMES}
    keyed = countable(interactions).withColumns({**known, "day": F.to_date("shown_at"), "client": client})
    first = F.struct(
        "impression_known_at", "shown_at", "query_id", "device", positions.band(F.col("position")).alias("position"),
        "shown_by", F.col("position_taken_twice").alias("taken_twice"),
        F.col("click_known_at").alias("own_click_known_at"),
    )  # fmt: skip
    # Placed by pair once: whatever groups by more than the pair afterwards needs no shuffle of its own.
    grouped = (
        keyed.repartition(*UNIT[:3])
        .groupBy(*UNIT, "client")
        .agg(F.min(first).alias("first"), *(F.min(name).alias(name) for name in OUTCOMES))
    )
    return grouped.select(*UNIT, "first.*", *OUTCOMES).drop("shown_at", "query_id")


def countable(interactions: DataFrame) -> DataFrame:
    """The impressions that teach about the ranker: in its own order, at a known place."""
    return interactions.where(F.col("in_ranker_order") & F.col("position").isNotNull())


def knowable_from(instant: str) -> Column:
    """The first day whose 00:00 lies after the instant; null for null."""
    return F.date_add(F.to_date(instant), 1)
