"""Impressions: what was shown, where and on which device.

One row an application, query_id and item, for each time at which it was shown (`ranking.traffic.showings`: requests
and their further pages). The rules, each local to a window around the showing's time t:

- *Actions* belong to the showing that fits them best (`ranking.traffic.belonging`) among those of their query_id for
  which they happened in [t - clock_skew, t + impression_window).
- *Shown* are the items with an impression event; in a showing that has none the hits in their order; and a hit that
  was clicked, put into the cart or bought. Any other item was not shown. Actions without a request record make no
  impression.
"""

from collections.abc import Mapping
from typing import Any

from pyspark.sql import Column, DataFrame, Window
from pyspark.sql import functions as F

from ranking import durations
from ranking.traffic import position_bases
from ranking.traffic.belonging import Act, Reach, Showing, is_best
from ranking.traffic.showings import showings

SHOWING = ["application", "query_id", "shown_at"]
ITEM = [*SHOWING, "item_id"]
PROVING = ("click", "cart", "purchase")


def build(inputs: Mapping[str, DataFrame], params: Mapping[str, Any]) -> DataFrame:
    """Inputs: requests, actions, bases. Positions are 1-based; null where neither the logger nor the hits say."""
    shown = showings(inputs["requests"], params)
    shown = shown.where(durations.instants_within(F.col("shown_at"), params["ranges"]))
    acts = _acts_of(shown, _placed_acts(inputs["actions"], inputs["bases"]), params)
    items = _marked(_hits_of(shown).join(acts, ITEM, "full"))
    about = shown.select(
        *SHOWING, "query", "user_query", F.nullif("client", F.lit("")).alias("client_id"), "device",
        "in_ranker_order", "arrived_at",
    )  # fmt: skip
    return _placed(items.join(about, SHOWING)).select(*COLUMNS)


def _hits_of(shown: DataFrame) -> DataFrame:
    """Each returned item at its first place, counted from 1."""
    hits = shown.select(*SHOWING, "answered_at", "offset", F.posexplode("items"))
    hits = hits.where(F.col("col").isNotNull()).withColumnRenamed("col", "item_id")
    place = F.min(F.col("offset") + F.col("pos") + 1)
    return hits.groupBy(*ITEM).agg(place.alias("place"), F.min("answered_at").alias("answered_at"))


def _placed_acts(actions: DataFrame, bases: DataFrame) -> DataFrame:
    """Acts that count here, doubles once, at positions counted from 1 by the base of their own application."""
    relevant = actions.where(
        F.col("action").isin("impression", *PROVING) & F.col("query_id").isNotNull() & F.col("item_id").isNotNull()
    )
    act = ["query_id", "application", "item_id", "action", "occurred_at", "query", "client_id"]
    once = relevant.groupBy(*act).agg(F.min("position").alias("position"), F.min("arrived_at").alias("arrived_at"))
    newest = position_bases.newest(bases).select("application", "base")
    based = once.join(F.broadcast(newest), "application", "left")
    return based.select(
        "query_id", "item_id", "action",
        F.col("application").alias("act_application"),
        F.col("query").alias("act_query"),
        F.coalesce("client_id", F.lit("")).alias("act_client"),
        F.unix_micros("occurred_at").alias("act_at"),
        F.struct("occurred_at", _from_one("position").alias("position"), "arrived_at").alias("act"),
    )  # fmt: skip


def _acts_of(shown: DataFrame, acts: DataFrame, params: Mapping[str, Any]) -> DataFrame:
    """For each showing and item the first impression event (`seen`) and the first act that proves it (`proof`)."""
    mine = _belongs(Reach.of(params, "impression_window"))
    asked = [*SHOWING, "query", "client", "at", "head", "items", "later", "others"]
    joined = acts.join(shown.select(*asked), "query_id").where(mine)
    event = F.col("action") == "impression"
    return joined.groupBy(*ITEM).agg(
        F.min(F.when(event, F.col("act"))).alias("seen"), F.min(F.when(~event, F.col("act"))).alias("proof")
    )


def _belongs(reach: Reach) -> Column:
    """True where an act belongs to the showing beside it.

    An item that a later page of the request returned is of that page, one that none returned is of the head. Doubles
    of a record renew its time.
    """
    act = Act(F.col("act_application"), F.col("act_query"), F.col("act_client"), F.col("act_at"))
    returned = F.array_contains("items", F.col("item_id"))
    renewed = F.array_max(F.transform(F.filter("later", lambda one: one["at"] <= act.at), lambda one: one["at"]))
    at = F.greatest("at", renewed)

    def holds(one: Column) -> Column:
        return F.array_contains(one["hits"], F.col("item_id"))

    showing = Showing(F.col("application"), F.col("query"), F.col("client"), at, returned)
    on_later_page = F.exists("later", lambda one: reach.holds(act, one["at"]) & holds(one))
    in_request = F.when(returned, True).otherwise(F.col("head") & ~on_later_page)
    return reach.holds(act, F.col("at")) & in_request & is_best(act, showing, F.col("others"), reach, holds)


def _marked(items: DataFrame) -> DataFrame:
    """Keeps the items that were shown and says by what."""
    logged = F.max(F.col("seen").isNotNull()).over(Window.partitionBy(*SHOWING))
    returned = F.col("place").isNotNull()
    shown_by = (
        F.when(F.col("seen").isNotNull(), "event")
        .when(returned & ~F.col("logged"), "hits")
        .when(returned & F.col("proof").isNotNull(), "click")
    )
    marked = items.withColumn("logged", logged).withColumn("shown_by", shown_by)
    return marked.where(F.col("shown_by").isNotNull())


def _placed(shown: DataFrame) -> DataFrame:
    """Positions, the place that two items claim, and when we learnt of it all."""
    by_event, by_click = F.col("shown_by") == "event", F.col("shown_by") == "click"
    position = F.coalesce(F.when(by_event, F.col("seen.position")), F.when(by_click, F.col("proof.position")), "place")
    known = F.greatest(
        "arrived_at",
        F.when(by_event, F.col("seen.arrived_at")).otherwise(F.col("answered_at")),
        F.when(by_click, F.col("proof.arrived_at")),
    )
    located = shown.withColumns({"position": position.cast("int"), "impression_known_at": known})
    place = Window.partitionBy(*SHOWING, "position")
    twice = F.col("position").isNotNull() & (F.count("*").over(place) > 1)
    return located.withColumn("position_taken_twice", twice)


def _from_one(logged: str) -> Column:
    """A logged position counted from 1; null below the application's base, and where no base is known yet."""
    position = F.col(logged) - F.col("base") + 1
    return F.when(position >= 1, position)


COLUMNS = [
    "application", "query_id", "item_id", "shown_at", "query", "user_query", "client_id", "device", "position",
    "shown_by", "in_ranker_order", "position_taken_twice", "impression_known_at",
]  # fmt: skip
