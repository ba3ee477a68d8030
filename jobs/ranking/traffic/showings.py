"""Showings: which of the records under a query_id showed something of their own, and what.

All rules look at the records of the same query_id that lie at most `request_window` before a record and at most
`impression_window` after it. Records of one text and one client (or of none) are one *request*.

- *Doubles.* The first record of a request within `request_window` is its head. A later one is a double, unless it
  returns items that none before it returned.
- *Pages.* Then it is a further page: the new items follow the places of those before them.
- *Answers.* Hits that are logged within `clock_skew` after a record without hits are that record's.
- Requests of one query_id at one instant are told apart by microseconds, in the order of their texts and clients.
- A query_id under which more than MOST records stand on one side of a record is no id, such as a constant that a
  logger writes for everybody: nothing is shown under it.
"""

from collections.abc import Mapping
from typing import Any

from pyspark.sql import Column, DataFrame, Window
from pyspark.sql import functions as F

from ranking import durations

MOST = 100
"""Records of one query_id that are looked at on each side of one of them. A user's pages, edits and doubles are few."""
REQUEST = ["application", "query_id", "query", "client"]


def showings(requests: DataFrame, params: Mapping[str, Any]) -> DataFrame:
    """One row a showing: what of its record, `shown_at`, its `at` in microseconds and what it showed.

    `items` are shown in their order, the first at place `offset` + 1; they are known since `answered_at`. Only the
    `head` of a request has acts on items that nobody returned. `later` are the records of the request that follow,
    `others` those of other requests of the query_id: arrays of structs (application, query, client, at, hits).
    """
    skew, before = durations.micros(params["clock_skew"]), durations.micros(params["request_window"])
    after = durations.micros(params["impression_window"])
    near = _with_neighbours(_distinct(requests), before, after)
    same = F.filter("near", _of_request)
    earlier = F.filter(same, lambda one: _precedes(one, _self()) & (one["at"] >= F.col("at") - before))
    split = near.withColumns(
        {
            "earlier": earlier,
            "later": F.filter(same, lambda one: _precedes(_self(), one)),
            "others": F.filter("near", lambda one: ~_of_request(one)),
            "answers": F.when(F.size("hits") == 0, _answers(skew, before)),
        }
    )
    known = F.array_compact(F.array_distinct(F.flatten(F.transform("earlier", lambda one: one["hits"]))))
    split = split.withColumns({"known": known, "head": F.size("earlier") == 0})
    given_away = (F.size("known") == 0) & F.exists("earlier", lambda one: one["at"] >= F.col("at") - skew)
    fresh = F.array_compact(F.array_except("hits", "known"))
    items = (
        F.when(F.col("answers").isNotNull(), F.flatten(F.transform("answers", lambda one: one["hits"])))
        .when(given_away, F.array().cast("array<string>"))
        .when(F.size("known") == 0, F.col("hits"))
        .otherwise(fresh)
    )
    rested_on = F.filter("earlier", lambda one: F.size(one["hits"]) > 0)
    answered = F.greatest(
        F.when(F.size("hits") > 0, F.col("arrived_at")),
        F.array_max(F.transform("answers", lambda one: one["arrived_at"])),
        F.array_max(F.transform(rested_on, lambda one: one["arrived_at"])),
    )
    shown = split.withColumns({"items": items, "offset": F.size("known"), "answered_at": answered})
    return _told_apart(shown.where(F.col("head") | (F.size("items") > 0)))


def _distinct(requests: DataFrame) -> DataFrame:
    """Records that agree in id, instant, text and client as one, known since the first of them arrived.

    A record without a client is of the only client that searched for the same at that instant.
    """
    ordered = F.col("query") != ""
    for mark in ("user_sorted", "user_filtered", "sponsored"):
        ordered = ordered & ~F.coalesce(mark, F.lit(False))
    at_once = Window.partitionBy("query_id", "application", "requested_at", "query")
    first, last = F.min("client_id").over(at_once), F.max("client_id").over(at_once)
    client = F.coalesce("client_id", F.when(first == last, first), F.lit(""))
    # Placed by query_id once: all windows, and the join with actions, need no shuffle of their own.
    named = requests.where(F.col("query_id").isNotNull()).repartition("query_id")
    named = named.withColumns({"client": client, "in_ranker_order": ordered})
    said = F.struct("record_id", "file_id", "user_query", "device", "in_ranker_order")
    lists = F.array_sort(F.collect_set(F.when(F.size("hit_ids") > 0, F.struct("record_id", "hit_ids"))))
    once = named.groupBy(*REQUEST, "requested_at").agg(
        F.min(said).alias("said"),
        F.flatten(F.array_distinct(F.transform(lists, lambda one: one["hit_ids"]))).alias("hits"),
        F.min("arrived_at").alias("arrived_at"),
    )
    return once.withColumn("at", F.unix_micros("requested_at"))


def _with_neighbours(records: DataFrame, before: int, after: int) -> DataFrame:
    """The records with those of their query_id that they may look at, in their order, themselves included: `near`."""
    in_time = Window.partitionBy("query_id").orderBy("at", "application", "query", "client").rowsBetween(-MOST, MOST)
    one = F.struct("application", "query", "client", "at", "hits", "arrived_at")
    at = F.col("at")
    near = F.filter(F.collect_list(one).over(in_time), lambda x: x["at"].between(at - before, at + after))
    found = records.withColumn("near", near)
    on_sides = (F.filter("near", lambda x: x["at"] <= at), F.filter("near", lambda x: x["at"] >= at))
    return found.where((F.size(on_sides[0]) <= MOST) & (F.size(on_sides[1]) <= MOST))


def _answers(skew: int, before: int) -> Column:
    """For a record without hits the answers that are its own: the first of its request, if it stands next before them.

    Such an answer has nobody with hits before it, and nobody within the clock skew before this record.
    """

    def taken(other: Column, answer: Column) -> Column:
        prior = _precedes(other, answer) & (other["at"] >= answer["at"] - before) & _compatible(other, answer)
        nearer = _precedes(other, _self()) & (other["at"] >= answer["at"] - skew)
        return prior & ((F.size(other["hits"]) > 0) | nearer)

    def own(answer: Column) -> Column:
        follows = _precedes(_self(), answer) & (answer["at"] <= F.col("at") + skew)
        return follows & _of_request(answer) & (F.size(answer["hits"]) > 0)

    return F.filter("near", lambda one: own(one) & ~F.exists("near", lambda other: taken(other, one)))


def _told_apart(shown: DataFrame) -> DataFrame:
    """The showings with `shown_at`, which no two of a query_id share."""
    at = F.col("at")
    same = F.filter("near", lambda x: (x["application"] == F.col("application")) & (x["at"] == at))
    number = F.size(F.filter(same, lambda x: F.struct(x["query"], x["client"]) < F.struct("query", "client")))
    found = shown.withColumn("number", number)
    taken = F.exists(
        "near",
        lambda x: (x["application"] == F.col("application")) & (x["at"] > at) & (x["at"] <= at + F.col("number")),
    )
    free = found.where((F.col("number") == 0) | ~taken)
    return free.select(
        *REQUEST, "said.*", "arrived_at", "answered_at", "at", "head", "items", "offset", "later", "others",
        F.timestamp_micros(at + F.col("number")).alias("shown_at"),
    ).drop("record_id", "file_id")  # fmt: skip


def _self() -> Column:
    return F.struct("application", "query", "client", "at")


def _of_request(one: Column) -> Column:
    """Whether a record is of the same request: one of two records may leave the client out."""
    return _compatible(one, _self())


def _compatible(one: Column, other: Column) -> Column:
    same = (one["application"] == other["application"]) & (one["query"] == other["query"])
    return same & ((one["client"] == other["client"]) | (one["client"] == "") | (other["client"] == ""))


def _precedes(one: Column, other: Column) -> Column:
    """Of two records of one request."""
    return (one["at"] < other["at"]) | ((one["at"] == other["at"]) & (one["client"] < other["client"]))
