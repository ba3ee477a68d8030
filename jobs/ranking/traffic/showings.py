"""Showings: which query records under a query_id showed a list of items of their own, and which items.

All rules look at the records of the same query_id that lie at most `request_window` before a record and at most
`impression_window` after it. Records with the same application and query text, and the same client or no client, are
one request.

- *Head.* The first record of a request within `request_window` is its head.
- *Duplicates.* A later record of a request is a duplicate if it returns no item that is new in the request. It is no
  showing.
- *Pages.* A later record that returns new items is a further page. The positions of its new items follow those of the
  items before them.
- *Answers.* If a record has no hits, hits that are logged within `clock_skew` after it belong to it.
- *Equal times.* Requests of one query_id at the same time get different `shown_at`, microseconds apart, in the order of
  their query texts and clients.
- *Shared ids.* If more than MOST records of a query_id lie on one side of a record, the query_id is not an id, for
  example a constant that a logger writes for everybody. Such a record is no showing.
"""

from collections.abc import Mapping
from typing import Any

from pyspark.sql import Column, DataFrame, Window
from pyspark.sql import functions as F

from ranking import durations

MOST = 100
"""How many earlier and how many later records of its query_id a record is compared with. A user has only a few."""
REQUEST = ["application", "query_id", "query", "client"]


def showings(requests: DataFrame, params: Mapping[str, Any]) -> DataFrame:
    """Return one row per showing: columns of its record, `shown_at`, `at` (microseconds) and the items it showed.

    `items` were shown in their order, the first at position `offset` + 1; they are known since `answered_at`. `head` is
    true for the first record of a request; only the head gets actions on items that no record returned. `later` are the
    later records of the request, `others` the records of other requests of the query_id: arrays of structs with
    application, query, client, at (microseconds) and hits, among other fields.
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
    hits_of_earlier_record = (F.size("known") == 0) & F.exists("earlier", lambda one: one["at"] >= F.col("at") - skew)
    fresh = F.array_compact(F.array_except("hits", "known"))
    items = (
        F.when(F.col("answers").isNotNull(), F.flatten(F.transform("answers", lambda one: one["hits"])))
        .when(hits_of_earlier_record, F.array().cast("array<string>"))
        .when(F.size("known") == 0, F.col("hits"))
        .otherwise(fresh)
    )
    with_hits = F.filter("earlier", lambda one: F.size(one["hits"]) > 0)
    answered = F.greatest(
        F.when(F.size("hits") > 0, F.col("arrived_at")),
        F.array_max(F.transform("answers", lambda one: one["arrived_at"])),
        F.array_max(F.transform(with_hits, lambda one: one["arrived_at"])),
    )
    shown = split.withColumns({"items": items, "offset": F.size("known"), "answered_at": answered})
    return _told_apart(shown.where(F.col("head") | (F.size("items") > 0)))


def _distinct(requests: DataFrame) -> DataFrame:
    """Merge records that agree in query_id, application, time, query text and client, known since the first arrived.

    A record without a client gets the client of the others, if only one client searched for the same text at that time.
    """
    ordered = F.col("query") != ""
    for mark in ("user_sorted", "user_filtered", "sponsored"):
        ordered = ordered & ~F.coalesce(mark, F.lit(False))
    at_once = Window.partitionBy("query_id", "application", "requested_at", "query")
    first, last = F.min("client_id").over(at_once), F.max("client_id").over(at_once)
    client = F.coalesce("client_id", F.when(first == last, first), F.lit(""))
    # Partition by query_id once, so that the windows and the join with actions need no shuffle of their own.
    named = requests.where(F.col("query_id").isNotNull()).repartition("query_id")
    named = named.withColumns({"client": client, "in_ranker_order": ordered})
    record = F.struct("record_id", "file_id", "user_query", "device", "in_ranker_order")
    lists = F.array_sort(F.collect_set(F.when(F.size("hit_ids") > 0, F.struct("record_id", "hit_ids"))))
    once = named.groupBy(*REQUEST, "requested_at").agg(
        F.min(record).alias("record"),
        F.flatten(F.array_distinct(F.transform(lists, lambda one: one["hit_ids"]))).alias("hits"),
        F.min("arrived_at").alias("arrived_at"),
    )
    return once.withColumn("at", F.unix_micros("requested_at"))


def _with_neighbours(records: DataFrame, before: int, after: int) -> DataFrame:
    """Add `near`: the records of the query_id that the rules look at, in order, including the record itself.

    Records of a query_id that is shared by too many are removed.
    """
    in_time = Window.partitionBy("query_id").orderBy("at", "application", "query", "client").rowsBetween(-MOST, MOST)
    one = F.struct("application", "query", "client", "at", "hits", "arrived_at")
    at = F.col("at")
    near = F.filter(F.collect_list(one).over(in_time), lambda x: x["at"].between(at - before, at + after))
    found = records.withColumn("near", near)
    on_sides = (F.filter("near", lambda x: x["at"] <= at), F.filter("near", lambda x: x["at"] >= at))
    return found.where((F.size(on_sides[0]) <= MOST) & (F.size(on_sides[1]) <= MOST))


def _answers(skew: int, before: int) -> Column:
    """Return the later records whose hits belong to this record, which has no hits itself.

    Such an answer is a record of the same request with hits, at most `skew` (microseconds) after this record. No record
    of the request before the answer may have hits, and no record before this one may lie within `skew` before it.
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
    """Add `shown_at`, which is different for all showings of a query_id and application."""
    at = F.col("at")
    same = F.filter("near", lambda x: (x["application"] == F.col("application")) & (x["at"] == at))
    number = F.size(F.filter(same, lambda x: F.struct(x["query"], x["client"]) < F.struct("query", "client")))
    found = shown.withColumn("number", number)
    taken = F.exists(
        "near",
        lambda x: (x["application"] == F.col("application")) & (x["at"] > at) & (x["at"] <= at + F.col("number")),
    )
    distinct = found.where((F.col("number") == 0) | ~taken)
    return distinct.select(
        *REQUEST, "record.*", "arrived_at", "answered_at", "at", "head", "items", "offset", "later", "others",
        F.timestamp_micros(at + F.col("number")).alias("shown_at"),
    ).drop("record_id", "file_id")  # fmt: skip


def _self() -> Column:
    return F.struct("application", "query", "client", "at")


def _of_request(one: Column) -> Column:
    """Return true if a record belongs to the same request. The client may be missing in one of the two records."""
    return _compatible(one, _self())


def _compatible(one: Column, other: Column) -> Column:
    same = (one["application"] == other["application"]) & (one["query"] == other["query"])
    return same & ((one["client"] == other["client"]) | (one["client"] == "") | (other["client"] == ""))


def _precedes(one: Column, other: Column) -> Column:
    """Return true if `one` comes before `other`, both of the same request."""
    return (one["at"] < other["at"]) | ((one["at"] == other["at"]) & (one["client"] < other["client"]))
