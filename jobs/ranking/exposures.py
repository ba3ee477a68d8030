"""Exposures: a client counts once for a pair and day.

Only what was shown in the ranker's own order, at a known position. The client's first impression of the pair on that
day stands for all of that day; a client without an id is a new one in each request.
"""

from pyspark.sql import Column, DataFrame
from pyspark.sql import functions as F

from ranking import positions

OUTCOMES = ("click_known_at", "long_click_known_at", "cart_known_at", "purchase_known_at")
UNIT = ["application", "query", "item_id", "day"]


def of_clients(interactions: DataFrame) -> DataFrame:
    """One row a client, pair and day: where it was first shown, and the arrival of each kind of outcome or null.

    Columns: application, query, item_id, day, device, position (place or band), shown_by, taken_twice,
    impression_known_at, the four `*_known_at` of any impression that day, own_click_known_at (of the first).
    """
    client = F.coalesce(F.concat(F.lit("c"), "client_id"), F.concat(F.lit("q"), "query_id"))
    first = F.struct(
        "shown_at", "query_id", "device", positions.band(F.col("position")).alias("position"), "shown_by",
        F.col("position_taken_twice").alias("taken_twice"), "impression_known_at",
        F.col("click_known_at").alias("own_click_known_at"),
    )  # fmt: skip
    keyed = countable(interactions).withColumns({"day": F.to_date("shown_at"), "client": client})
    # Placed by pair once: whatever groups by more than the pair afterwards needs no shuffle of its own.
    grouped = keyed.repartition(*UNIT[:3]).groupBy(*UNIT, "client").agg(
        F.min(first).alias("first"), *(F.min(name).alias(name) for name in OUTCOMES)
    )
    return grouped.select(*UNIT, "first.*", *OUTCOMES).drop("shown_at", "query_id")


def countable(interactions: DataFrame) -> DataFrame:
    """The impressions that teach about the ranker: in its own order, at a known place."""
    return interactions.where(F.col("in_ranker_order") & F.col("position").isNotNull())


def knowable_from(*instants: str) -> Column:
    """The first day whose 00:00 lies after all of the instants; null where one of them is null."""
    days = [F.date_add(F.to_date(instant), 1) for instant in instants]
    latest = F.greatest(*days) if len(days) > 1 else days[0]
    complete = F.lit(True)
    for instant in instants:
        complete = complete & F.col(instant).isNotNull()
    return F.when(complete, latest)
