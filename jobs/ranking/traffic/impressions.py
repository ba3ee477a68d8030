"""Impressions: what was shown, where and on which device.

One row an application, query_id and item. The rules, each local to a window around the request's time t:

- *Doubles.* Records of one query_id within `request_window` of an earlier one are the same request. The earliest
  speaks (then the smallest record_id); others give only their hits, if they carry the same query text and follow
  within `clock_skew`. A query_id that comes back later than that is another request.
- *Actions* belong to the request of their query_id when they happened in [t - clock_skew, t + impression_window).
- *Shown* are the items with an impression event; in a request that has none the hits in their order; and a hit
  that was clicked, put into the cart or bought. Any other item was not shown. Actions without a request record
  make no impression.
"""

from collections.abc import Mapping
from typing import Any

from pyspark.sql import Column, DataFrame, Window
from pyspark.sql import functions as F

from ranking import durations
from ranking.traffic import position_bases

REQUEST = ["application", "query_id", "shown_at"]
ITEM = [*REQUEST, "item_id"]
PROVING = ("click", "cart", "purchase")


def build(inputs: Mapping[str, DataFrame], params: Mapping[str, Any]) -> DataFrame:
    """Inputs: requests, actions, bases. Positions are 1-based; null where neither the logger nor the hits say."""
    requests = one_a_request(inputs["requests"], params)
    requests = requests.where(durations.instants_within(F.col("shown_at"), params["ranges"]))
    acts = _acts_of(requests, inputs["actions"], params)
    items = _hits_of(requests).join(acts, ITEM, "full")
    shown = _shown(items).join(requests.drop("hits"), REQUEST)
    placed = _placed(shown, position_bases.newest(inputs["bases"])).select(*COLUMNS)
    return placed.where(durations.instants_within(F.col("shown_at"), params["ranges"]))


def one_a_request(records: DataFrame, params: Mapping[str, Any]) -> DataFrame:
    """The records without their doubles, each with its hits and the arrival of record and hits."""
    said = F.struct("record_id", "file_id", "user_query", "client_id", "device", "in_ranker_order")
    same = ["application", "query_id", "requested_at", "query"]
    some_hits = F.when(F.size("hit_ids") > 0, F.struct("record_id", "file_id", "hit_ids"))
    ordered = F.col("query") != ""
    for mark in ("user_sorted", "user_filtered", "sponsored"):
        ordered = ordered & ~F.coalesce(mark, F.lit(False))
    distinct = records.where(F.col("query_id").isNotNull()).withColumn("in_ranker_order", ordered)
    distinct = distinct.groupBy(*same).agg(
        F.min(said).alias("said"), F.min(some_hits).alias("found"), F.min("arrived_at").alias("arrived_at")
    )
    answer = F.when(F.col("found").isNotNull(), F.struct("found.hit_ids", "arrived_at"))
    at = F.unix_micros("requested_at")
    answers = Window.partitionBy("application", "query_id", "query").orderBy(at)
    answers = answers.rangeBetween(0, durations.micros(params["clock_skew"]))
    in_time = Window.partitionBy("application", "query_id").orderBy("requested_at", "said.record_id", "said.file_id")
    since = at - F.lag(at).over(in_time)
    marked = distinct.withColumns({"hits": F.first(answer, ignorenulls=True).over(answers), "since": since})
    heads = marked.where(F.col("since").isNull() | (F.col("since") > durations.micros(params["request_window"])))
    return heads.select(
        "application", "query_id", F.col("requested_at").alias("shown_at"), "query", "said.user_query",
        "said.client_id", "said.device", "said.in_ranker_order", "arrived_at", "hits",
    )  # fmt: skip


def _hits_of(requests: DataFrame) -> DataFrame:
    """Each returned item at its first place, counted from 1."""
    hits = requests.select(*REQUEST, F.col("hits.arrived_at").alias("answered_at"), F.posexplode("hits.hit_ids"))
    hits = hits.where(F.col("col").isNotNull()).withColumnRenamed("col", "item_id")
    return hits.groupBy(*ITEM).agg(F.min(F.col("pos") + 1).alias("place"), F.min("answered_at").alias("answered_at"))


def _acts_of(requests: DataFrame, actions: DataFrame, params: Mapping[str, Any]) -> DataFrame:
    """For each request and item the first impression event (`seen`) and the first act that proves it (`proof`)."""
    relevant = actions.where(
        F.col("action").isin("impression", *PROVING) & F.col("query_id").isNotNull() & F.col("item_id").isNotNull()
    )
    once = relevant.groupBy("application", "query_id", "item_id", "action", "occurred_at").agg(
        F.min("position").alias("position"), F.min("arrived_at").alias("arrived_at")
    )
    joined = once.join(requests.select(*REQUEST), ["application", "query_id"])
    begin = F.col("shown_at") - durations.span(params["clock_skew"])
    end = F.col("shown_at") + durations.span(params["impression_window"])
    joined = joined.where((F.col("occurred_at") >= begin) & (F.col("occurred_at") < end))
    act = F.struct("occurred_at", "position", "arrived_at")
    event = F.col("action") == "impression"
    return joined.groupBy(*ITEM).agg(F.min(F.when(event, act)).alias("seen"), F.min(F.when(~event, act)).alias("proof"))


def _shown(items: DataFrame) -> DataFrame:
    """Keeps the items that were shown and says by what."""
    logged = F.max(F.col("seen").isNotNull()).over(Window.partitionBy(*REQUEST))
    returned = F.col("place").isNotNull()
    shown_by = (
        F.when(F.col("seen").isNotNull(), "event")
        .when(returned & ~F.col("logged"), "hits")
        .when(returned & F.col("proof").isNotNull(), "click")
    )
    marked = items.withColumn("logged", logged).withColumn("shown_by", shown_by)
    return marked.where(F.col("shown_by").isNotNull())


def _placed(shown: DataFrame, bases: DataFrame) -> DataFrame:
    """Positions from 1, the place that two items claim, and when we learnt of it all."""
    based = shown.join(F.broadcast(bases.select("application", "base")), "application", "left")
    by_event, by_click = F.col("shown_by") == "event", F.col("shown_by") == "click"
    position = F.coalesce(
        F.when(by_event, _from_one("seen.position")), F.when(by_click, _from_one("proof.position")), "place"
    )
    known = F.greatest(
        "arrived_at",
        F.when(by_event, F.col("seen.arrived_at")).otherwise(F.col("answered_at")),
        F.when(by_click, F.col("proof.arrived_at")),
    )
    located = based.withColumns({"position": position.cast("int"), "impression_known_at": known})
    place = Window.partitionBy(*REQUEST, "position")
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
