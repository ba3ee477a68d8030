"""What became of the logs' records on their way to interactions: counts for people, none left out."""

from collections.abc import Collection, Mapping, Sequence
from functools import reduce

from pyspark.sql import Column, DataFrame
from pyspark.sql import functions as F

REQUEST = ["application", "query_id"]
PAIR = [*REQUEST, "item_id"]
ACTED = ("click", "cart", "purchase")


def account(
    queries: DataFrame,
    events: DataFrame,
    requests: DataFrame,
    actions: DataFrame,
    impressions: DataFrame,
    interactions: DataFrame,
    quarantined: DataFrame,
    known: Mapping[str, Sequence[str]] | None = None,
) -> dict[str, int]:
    """Counts by what is counted, in the order of the way. Takes whole tables and runs one job.

    `known` is the setting `actions`; an action name that stands nowhere in it is listed as unmapped. A double
    is a record that says the same as another one. Of the quarantine the kinds of fault are counted.
    """
    lines = [
        *_landed(queries, events, quarantined),
        *_requests(requests),
        *_actions(actions, requests, known or {}),
        *_shown(actions, impressions, interactions),
    ]
    numbered = [line.withColumn("at", F.lit(at)) for at, line in enumerate(lines)]
    rows = reduce(DataFrame.unionByName, numbered).orderBy("at", F.desc("number"), "what").collect()
    return {row["what"]: int(row["number"]) for row in rows}


def to_text(counts: Mapping[str, int]) -> str:
    """The account as lines, the numbers below each other."""
    return "\n".join(f"{number:>12,}  {what}" for what, number in counts.items())


def _landed(queries: DataFrame, events: DataFrame, quarantined: DataFrame) -> list[DataFrame]:
    kind = F.substring_index("reason", ": ", 1)
    return [
        _count(queries, "query records landed"),
        _count(events, "events landed"),
        _count_by(quarantined, F.concat(F.lit("quarantined: "), kind)),
    ]


def _requests(requests: DataFrame) -> list[DataFrame]:
    said = [*REQUEST, "requested_at", "query"]
    again = requests.select(*said).distinct().groupBy(*REQUEST).count().where("count > 1")
    more = again.agg(F.coalesce(F.sum(F.col("count") - 1), F.lit(0)).alias("number"))
    return [
        _repeated(requests, said, "query records: doubles"),
        more.select(
            F.lit("query records: a query_id again, at another time or with another text").alias("what"),
            "number",
        ),
    ]


def _actions(actions: DataFrame, requests: DataFrame, known: Mapping[str, Sequence[str]]) -> list[DataFrame]:
    said = ["application", "action_name", "query_id", "item_id", "client_id", "occurred_at", "position"]
    impression = F.col("action") == "impression"
    name = F.concat(F.lit("events: unmapped action "), F.col("action_name"))
    return [
        _repeated(actions, said, "events: doubles"),
        _count(
            actions.join(requests.select(*REQUEST).distinct(), REQUEST, "left_anti"),
            "events: without a query record",
        ),
        _count(actions.where(impression & F.col("position").isNull()), "events: impressions without a position"),
        _count(actions.where(impression & F.col("item_id").isNull()), "events: impressions without an item"),
        _count_by(actions.where((F.col("action") == "other") & _is_unknown(known)), name),
    ]


def _is_unknown(known: Mapping[str, Sequence[str]]) -> Column:
    names: Collection[str] = {name.lower() for mapped in known.values() for name in mapped}
    return ~F.lower(F.trim("action_name")).isin(*names) if names else F.lit(True)


def _shown(actions: DataFrame, impressions: DataFrame, interactions: DataFrame) -> list[DataFrame]:
    acted = actions.where(F.col("action").isin(*ACTED))
    unseen = acted.join(impressions.select(*PAIR).distinct(), PAIR, "left_anti")
    followed = F.col("clicks") + F.col("carts") + F.col("purchases") > 0
    return [
        *(_count(unseen.where(F.col("action") == kind), f"events: {kind}s without an impression") for kind in ACTED),
        _count(impressions, "impressions"),
        _count_by(impressions, F.concat(F.lit("impressions: shown by "), F.col("shown_by"))),
        _count(interactions, "interactions"),
        _count(interactions.where(followed), "interactions: with a click, cart or purchase"),
    ]


def _count(rows: DataFrame, what: str) -> DataFrame:
    return rows.agg(F.count("*").alias("number")).select(F.lit(what).alias("what"), "number")


def _count_by(rows: DataFrame, what: Column) -> DataFrame:
    return rows.groupBy(what.alias("what")).agg(F.count("*").alias("number"))


def _repeated(rows: DataFrame, said: list[str], what: str) -> DataFrame:
    """Rows beyond the first of those that agree in all of `said`, nulls included."""
    once = F.count_distinct(F.struct(*said))
    return rows.agg((F.count("*") - once).alias("number")).select(F.lit(what).alias("what"), "number")
