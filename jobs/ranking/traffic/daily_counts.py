"""Daily counts: what each day learnt of the exposures of a pair, by where and how the item was shown.

A row counts the news of one day, `known_day`, about the exposures of another, `day`. So counts add up: what was known
before a day D is the sum of the rows with `known_day` < D. Readers of the counts need neither clients nor single
requests.
"""

from collections.abc import Mapping
from typing import Any

from pyspark.sql import Column, DataFrame
from pyspark.sql import functions as F

from ranking import durations
from ranking.traffic import automated, exposures

PLACE = ["application", "query", "item_id", "day", "device", "position", "shown_by"]
KNOWN = "known_day"
SEEN, OWN_CLICK = "impression_known_at", "own_click_known_at"
CLICKED, LONG_CLICKED = "click_known_at", "long_click_known_at"
COUNTS = {
    "impressions": SEEN, "clicks": CLICKED, "long_clicks": LONG_CLICKED, "carts": "cart_known_at",
    "purchases": "purchase_known_at",
}  # fmt: skip
"""For each count of exposures: the column that says when the exposure became one of them."""
PLACED = {"placed_impressions": SEEN, "placed_clicks": OWN_CLICK}
"""The same for the exposures at a position that no other item of the request had."""


def build(inputs: Mapping[str, DataFrame], params: Mapping[str, Any]) -> DataFrame:
    """Return the counts by pair, day, device, position, way of showing and known day.

    Each client counts once per pair and day. Inputs: interactions (see `exposures`), automated. What became known of a
    client while it was judged to be a program counts for nothing, nor does an outcome of an impression that does not,
    nor a long click if its click does not.
    """
    wanted = inputs["interactions"].where(durations.instants_within(F.col("shown_at"), params["ranges"]))
    learnt = {name: _learnt_on(name) for name in (*COUNTS.values(), OWN_CLICK)}
    placed = F.when(~F.col("taken_twice"), F.col(OWN_CLICK))  # elsewhere it counts for nothing, and is no news
    exposed = exposures.of_clients(wanted).withColumn(OWN_CLICK, placed).withColumns(learnt)
    verdicts = inputs["automated"]
    exposed = automated.without(exposed, verdicts, F.col(SEEN))
    exposed = automated.marked(exposed, verdicts, F.col(CLICKED), "click_left_out")
    exposed = exposed.withColumn(LONG_CLICKED, F.when(F.col("click_left_out").isNull(), F.col(LONG_CLICKED)))
    news = F.array_distinct(F.array_compact(F.array(*learnt)))
    known = automated.without(exposed.withColumn(KNOWN, F.explode(news)), verdicts, F.col(KNOWN))
    return known.groupBy(*PLACE, KNOWN).agg(*_counts())


def known_from() -> Column:
    """Return the first day whose features, labels and curves may use a row of the counts."""
    return F.date_add(KNOWN, 1)


def evident(counts: DataFrame) -> DataFrame:
    """Return the counts of exposures of which more is known than a click.

    A click that alone proves its exposure belongs to no rate: the rate would be 1.
    """
    return counts.where(F.col("shown_by") != "click")


def _learnt_on(instant: str) -> Column:
    """Return the UTC day of an instant, but no day before the exposure itself; null for null."""
    return F.when(F.col(instant).isNotNull(), F.greatest(F.to_date(instant), "day"))


def _counts() -> list[Column]:
    free = ~F.col("taken_twice")
    everywhere = [F.count_if(F.col(since) == F.col(KNOWN)).alias(name) for name, since in COUNTS.items()]
    placed = [F.count_if(free & (F.col(since) == F.col(KNOWN))).alias(name) for name, since in PLACED.items()]
    return [*everywhere, *placed]
