"""Impressions: which items were shown, at which position and on which device.

There is one row per item and showing. A showing is a request or one of its further pages (`ranking.traffic.showings`).
Each rule looks only at a window around the time t of the showing:

- An action belongs to the showing that matches it best (`ranking.traffic.belonging`), among the showings of its
  query_id with t - clock_skew <= time of the action < t + impression_window.
- An item was shown if it has an impression event. If a showing has no impression events, its hits were shown in their
  order. A hit that was clicked, put into the cart or bought was shown as well. No other item was shown.
- Actions without a request record make no impression.
"""

from collections.abc import Mapping
from typing import Any

from pyspark.sql import Column, DataFrame, Window
from pyspark.sql import functions as F

from ranking import durations
from ranking.scratch import Place, keep
from ranking.traffic import position_bases
from ranking.traffic.belonging import Act, Reach, Showing, is_best
from ranking.traffic.showings import showings

SHOWING = ["application", "query_id", "shown_at"]
ITEM = [*SHOWING, "item_id"]
PROVING = ("click", "cart", "purchase")


def build(inputs: Mapping[str, DataFrame], params: Mapping[str, Any]) -> DataFrame:
    """Return one row per item and showing. Inputs: requests, actions, bases.

    Positions are counted from 1; they are null if neither the logger nor the hits give them.
    """
    shown = showings(inputs["requests"], params)
    shown = shown.where(durations.instants_within(F.col("shown_at"), params["ranges"]))
    shown = keep(shown, Place.of(params).below("showings"))
    acts = _acts_of(shown, _placed_acts(inputs["actions"], inputs["bases"]), params)
    items = _marked(_hits_of(shown).join(acts, ITEM, "full"))
    about = shown.select(
        *SHOWING, "query", "user_query", F.nullif("client", F.lit("")).alias("client_id"), "device",
        "in_ranker_order", "arrived_at",
    )  # fmt: skip
    return _placed(items.join(about, SHOWING)).select(*COLUMNS)


def _hits_of(shown: DataFrame) -> DataFrame:
    """Return each returned item with its first position in the hits, counted from 1."""
    hits = shown.select(*SHOWING, "answered_at", "offset", F.posexplode("items"))
    hits = hits.where(F.col("col").isNotNull()).withColumnRenamed("col", "item_id")
    place = F.min(F.col("offset") + F.col("pos") + 1)
    return hits.groupBy(*ITEM).agg(place.alias("place"), F.min("answered_at").alias("answered_at"))


def _placed_acts(actions: DataFrame, bases: DataFrame) -> DataFrame:
    """Return the impression events, clicks, carts and purchases without duplicates.

    Their positions are counted from 1, by the base of the application that logged them.
    """
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
    """Return, per showing and item, the first impression event (`seen`) and the first other action (`proof`)."""
    mine = _belongs(Reach.of(params, "impression_window"))
    asked = [*SHOWING, "query", "client", "at", "head", "items", "later", "others"]
    joined = acts.join(shown.select(*asked), "query_id").where(mine)
    event = F.col("action") == "impression"
    return joined.groupBy(*ITEM).agg(
        F.min(F.when(event, F.col("act"))).alias("seen"), F.min(F.when(~event, F.col("act"))).alias("proof")
    )


def _belongs(reach: Reach) -> Column:
    """Return true if the action belongs to the showing in the same row.

    If a page of the request returned the item, the action belongs to that page. If no page returned it, the action
    belongs to the head, the first record of the request. Showings are compared by time with the last record of their
    request before the action, since a duplicate renews the time of a showing.
    """
    act = Act(F.col("act_application"), F.col("act_query"), F.col("act_client"), F.col("act_at"))
    returned = F.array_contains("items", F.col("item_id"))
    last_record = F.array_max(F.transform(F.filter("later", lambda one: one["at"] <= act.at), lambda one: one["at"]))
    at = F.greatest("at", last_record)

    def holds(one: Column) -> Column:
        return F.array_contains(one["hits"], F.col("item_id"))

    showing = Showing(F.col("application"), F.col("query"), F.col("client"), at, returned)
    on_later_page = F.exists("later", lambda one: reach.holds(act, one["at"]) & holds(one))
    in_request = F.when(returned, True).otherwise(F.col("head") & ~on_later_page)
    return reach.holds(act, F.col("at")) & in_request & is_best(act, showing, F.col("others"), reach, holds)


def _marked(items: DataFrame) -> DataFrame:
    """Keep the items that were shown, and add the evidence as `shown_by`."""
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
    """Add the position, whether another item of the showing has it too, and when the impression became known."""
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
    """Count a logged position from 1. It is null below the base of the application, or if no base is known yet."""
    position = F.col(logged) - F.col("base") + 1
    return F.when(position >= 1, position)


COLUMNS = [
    "application", "query_id", "item_id", "shown_at", "query", "user_query", "client_id", "device", "position",
    "shown_by", "in_ranker_order", "position_taken_twice", "impression_known_at",
]  # fmt: skip
