"""The account of a run: how many log records reached the interactions, and what became of the others."""

from collections.abc import Mapping, Sequence
from functools import reduce

from pyspark.sql import Column, DataFrame
from pyspark.sql import functions as F

from ranking.logs.actions import written_names
from ranking.logs.fields import trimmed
from ranking.traffic import unread_fields
from ranking.traffic.interactions import ACT
from ranking.traffic.showings import MOST

REQUEST = ["application", "query_id"]
PAIR = ["query_id", "item_id"]
ACTED = {"click": "clicks", "cart": "carts", "purchase": "purchases"}


def account(
    queries: DataFrame,
    events: DataFrame,
    requests: DataFrame,
    actions: DataFrame,
    impressions: DataFrame,
    interactions: DataFrame,
    quarantined: DataFrame,
    known: Mapping[str, Sequence[str]] | None = None,
    hits: Sequence[str] = (),
    programs: DataFrame | None = None,
) -> dict[str, int]:
    """Return counts by description, in the order in which records pass through the datasets.

    Takes whole tables and runs one Spark job. `known` is the setting `actions`; an action name that it does not contain
    is listed as unmapped. `hits` are the paths of the setting `hits`; a field that is in none of them and has no column
    is listed as not read. A duplicate is a record with the same content as another one. Quarantined records are counted
    by kind of fault. `programs` are the rows of `automated_clients`; None if the table does not exist yet.
    """
    lines = [
        *_landed(queries, events, requests, quarantined, hits),
        *_requests(requests, impressions),
        *_actions(actions, requests, impressions, known or {}),
        *(_unfollowed(actions, interactions, kind) for kind in ACTED),
        *_shown(impressions, interactions),
        *([] if programs is None else [_of_programs(programs)]),
    ]
    numbered = [line.withColumn("at", F.lit(at)) for at, line in enumerate(lines)]
    rows = reduce(DataFrame.unionByName, numbered).orderBy("at", "rank", F.desc("number"), "what").collect()
    return {row["what"]: int(row["number"]) for row in rows}


def to_text(counts: Mapping[str, int]) -> str:
    """Return the account as lines of text, with the numbers aligned."""
    return "\n".join(f"{number:>12,}  {what}" for what, number in counts.items())


def _landed(
    queries: DataFrame, events: DataFrame, requests: DataFrame, quarantined: DataFrame, hits: Sequence[str]
) -> list[DataFrame]:
    """Return the lines about landed records, the quarantine and fields that are not read."""
    kind = F.substring_index("reason", ": ", 1)
    hitless = queries.join(requests.where(F.size("hit_ids") == 0), ["record_id", "file_id"], "left_semi")
    return [
        _counts(queries, {"query records landed": F.lit(True)}),
        _counts(events, {"events landed": F.lit(True)}),
        _count_by(quarantined, F.concat(F.lit("quarantined: "), kind)),
        _ranked(unread_fields.looking_like_hits(hitless)),
        _ranked(unread_fields.named(queries, "query records", hits)),
        _ranked(unread_fields.named(events, "events")),
    ]


def _requests(requests: DataFrame, impressions: DataFrame) -> list[DataFrame]:
    """Return the lines about query records."""
    content = [*REQUEST, "requested_at", "query", "client_id"]
    named = requests.where(F.col("query_id").isNotNull())
    again = named.select(*content).distinct().groupBy(*REQUEST).count()
    empty = named.select(*REQUEST).distinct().join(impressions.select(*REQUEST), REQUEST, "left_anti")
    return [
        _repeated(requests, content, "query records: duplicates"),
        _total(
            again,
            F.col("count") - 1,
            "query records: query_id logged again at another time, or with another text or client",
        ),
        _total(
            again.where(F.col("count") > MOST),
            F.col("count"),
            f"query records: more than {MOST} share one query_id, which is then not used as an id",
        ),
        _counts(
            requests,
            {
                "query records: without a query_id": F.col("query_id").isNull(),
                "query records: without hits": F.size("hit_ids") == 0,
                "query records: without a query text": F.col("query") == "",
            },
        ),
        _counts(empty, {"query_ids: without an impression": F.lit(True)}),
    ]


def _actions(
    actions: DataFrame, requests: DataFrame, impressions: DataFrame, known: Mapping[str, Sequence[str]]
) -> list[DataFrame]:
    content = ["application", "action_name", "query_id", "item_id", "client_id", "occurred_at", "position"]
    impression, other = F.col("action") == "impression", F.col("action") == "other"
    unrequested = actions.join(requests.select(*REQUEST).distinct(), REQUEST, "left_anti")
    unrequested = unrequested.where(F.col("query_id").isNotNull())
    query_ids = requests.select("query_id").distinct()
    seen = impressions.where("shown_by = 'event'").select(*PAIR)
    whole = actions.where(impression & F.col("item_id").isNotNull() & F.col("query_id").isNotNull())
    unknown = _is_unknown(known)
    return [
        _repeated(actions, content, "events: duplicates"),
        _counts(
            actions,
            {
                "events: without a query_id, so they belong to no request": F.col("query_id").isNull(),
                "events: impressions without a position": impression & F.col("position").isNull(),
                "events: impressions without an item": impression & F.col("item_id").isNull(),
                "events: clicks, carts and purchases without an item": F.col("action").isin(*ACTED)
                & F.col("item_id").isNull(),
                "events: actions that are not used for relevance": other & ~unknown,
            },
        ),
        _count_by(actions.where(other & unknown), F.concat(F.lit("events: unmapped action "), F.col("action_name"))),
        _counts(unrequested.join(query_ids, "query_id", "left_anti"), {"events: without a query record": F.lit(True)}),
        _counts(
            unrequested.join(query_ids, "query_id", "left_semi"),
            {"events: with the query_id of another application": F.lit(True)},
        ),
        _counts(
            whole.select(*PAIR).distinct().join(seen, PAIR, "left_anti"),
            {"events: items with impression events that belong to no request": F.lit(True)},
        ),
    ]


def _is_unknown(known: Mapping[str, Sequence[str]]) -> Column:
    names = {name for mapped in known.values() for name in written_names(mapped)}
    return ~trimmed(F.col("action_name")).isin(*names) if names else F.lit(True)


def _unfollowed(actions: DataFrame, interactions: DataFrame, kind: str) -> DataFrame:
    """Count the actions of a kind that belong to no impression; duplicates count once."""
    acts = actions.where(F.col("action") == kind).select(*ACT).distinct().agg(F.count("*").alias("acts"))
    counted = interactions.agg(F.coalesce(F.sum(ACTED[kind]), F.lit(0)).alias("counted"))
    number = F.greatest(F.col("acts") - F.col("counted"), F.lit(0))
    what = F.lit(f"events: {ACTED[kind]} without an impression")
    return _ranked(acts.crossJoin(counted).select(what.alias("what"), number.alias("number")))


def _shown(impressions: DataFrame, interactions: DataFrame) -> list[DataFrame]:
    followed = F.col("clicks") + F.col("carts") + F.col("purchases") > 0
    return [
        _counts(impressions, {"impressions": F.lit(True)}),
        _count_by(impressions, F.concat(F.lit("impressions: shown by "), F.col("shown_by"))),
        _counts(
            impressions,
            {
                "impressions: not in the ranker's order": ~F.col("in_ranker_order"),
                "impressions: without a position": F.col("position").isNull(),
            },
        ),
        _counts(
            interactions,
            {"interactions": F.lit(True), "interactions: with a click, cart or purchase": followed},
        ),
    ]


def _of_programs(programs: DataFrame) -> DataFrame:
    """Count the items shown to clients that act like programs, on the days on which they do."""
    shown = programs.groupBy("application", "client_id", "day").agg(F.max("items").alias("items"))
    return _total(shown, F.col("items"), "interactions: of clients that act like programs (ranking.automated_clients)")


def _counts(rows: DataFrame, conditions: Mapping[str, Column]) -> DataFrame:
    """Return a line per condition with the number of rows that meet it."""
    counted = rows.agg(*(F.count_if(condition).alias(f"n{n}") for n, condition in enumerate(conditions.values())))
    lines = [F.struct(F.lit(what).alias("what"), F.col(f"n{n}").alias("number")) for n, what in enumerate(conditions)]
    return counted.select(F.posexplode(F.array(*lines)).alias("rank", "line")).select(
        "line.what", "line.number", "rank"
    )


def _count_by(rows: DataFrame, what: Column) -> DataFrame:
    """Return a line per value of `what` with its number of rows."""
    return _ranked(rows.groupBy(what.alias("what")).agg(F.count("*").alias("number")))


def _total(rows: DataFrame, number: Column, what: str) -> DataFrame:
    summed = rows.agg(F.coalesce(F.sum(number), F.lit(0)).alias("number"))
    return _ranked(summed.select(F.lit(what).alias("what"), "number"))


def _repeated(rows: DataFrame, content: list[str], what: str) -> DataFrame:
    """Count the rows that repeat an earlier one in all columns of `content`. Nulls compare as equal."""
    once = F.count_distinct(F.struct(*content))
    return _ranked(rows.agg((F.count("*") - once).alias("number")).select(F.lit(what).alias("what"), "number"))


def _ranked(lines: DataFrame) -> DataFrame:
    return lines.select("what", F.col("number").cast("bigint").alias("number"), F.lit(0).alias("rank"))
