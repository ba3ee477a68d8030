"""Interactions: each impression with the clicks, carts and purchases that followed it, however late they arrived.

An action belongs to the impression that matches it best (`ranking.traffic.belonging`), among the impressions of its
query_id and item that were shown at most `attribution_window` before it and at most `clock_skew` after it. An
impression competes only with impressions from `request_window` before it to `attribution_window` after it. Records
that agree in application, action, query_id, item, client and time are one action.

Dwell time begins with a click. It ends with the same client's next action on another item or under another query_id.
Impression events of the same query_id and actions on the clicked item do not end it. If no action ends it within
`long_click_silence`, or before the attribution window closes, the dwell time is null, and the click counts as long
if its client is known. An action whose record arrives more than `long_click_settling` after that time ends nothing, so
that it changes nothing that was known before, unless the record of the click arrived as late.
"""

from collections.abc import Mapping
from typing import Any

from pyspark.sql import Column, DataFrame, Window
from pyspark.sql import functions as F

from ranking import durations
from ranking.traffic.belonging import Act, Reach, Showing, is_best

ACT = ["application", "action", "query_id", "item_id", "client_id", "occurred_at"]
ROW = ["application", "query_id", "item_id", "shown_at"]
MOST = 20
"""How many earlier and later impressions of its query_id and item an impression is compared with, and how many
actions after a click are searched for its end if the first one was late."""


def build(inputs: Mapping[str, DataFrame], params: Mapping[str, Any]) -> DataFrame:
    """Return one row per impression. Inputs: impressions, actions.

    Counts are 0 and times and dwell (milliseconds) are null if nothing followed the impression.
    """
    shown = _with_rivals(inputs["impressions"], params)
    shown = shown.where(durations.instants_within(F.col("shown_at"), params["ranges"]))
    impressions = inputs["impressions"].where(durations.instants_within(F.col("shown_at"), params["ranges"]))
    acts = _with_turns(_without_duplicates(inputs["actions"]))
    followed = _attributed(shown, acts, params)
    counts = {name: F.coalesce(name, F.lit(0)).cast("int") for name in COUNTS}
    joined = impressions.join(_summed(followed), ROW, "left").withColumns(counts)
    return joined.select(*impressions.columns, *FOLLOWED)


def _without_duplicates(actions: DataFrame) -> DataFrame:
    """Return one row per action. It is known since its first record arrived, and has the query text of any record."""
    return actions.groupBy(*ACT).agg(F.min("arrived_at").alias("arrived_at"), F.max("query").alias("act_query"))


def _with_turns(acts: DataFrame) -> DataFrame:
    """Return clicks, carts and purchases with the later actions of their client that may end a dwell begun there.

    `turn` is the next action on another item or under another query_id, as time and arrival. `later` are the next MOST
    actions, without impressions that follow an action under the same query_id that arrived no later.
    """
    order = ("occurred_at", "action", "query_id", "item_id")
    by_client = Window.partitionBy("application", "client_id")
    in_time = by_client.orderBy(*order)
    before = in_time.rowsBetween(Window.unboundedPreceding, -1)
    # Spark computes a frame that ends at the last row anew for each row. In reverse order it only grows.
    reverse = by_client.orderBy(*(F.desc(name) for name in order))
    doing = F.col("action") != "impression"
    subject = F.when(doing, F.coalesce("item_id", F.lit("")))
    to_item = doing & (subject != F.last(subject, ignorenulls=True).over(before))
    same_query = F.col("query_id") == F.lag("query_id").over(in_time)
    repeats = ~doing & same_query & (F.lag("arrived_at").over(in_time) <= F.col("arrived_at"))
    following = acts.where(F.col("client_id").isNotNull()).withColumns(
        {"subject": subject, "turned": to_item | ~same_query, "repeats": repeats}
    )
    following = following.where(~F.coalesce("repeats", F.lit(False)))
    turned = F.when(F.col("turned"), F.struct("occurred_at", "arrived_at"))
    one = F.struct("occurred_at", "arrived_at", "query_id", "subject")
    turns = {
        "turn": F.min(turned).over(reverse.rowsBetween(Window.unboundedPreceding, -1)),
        "later": F.collect_list(one).over(reverse.rowsBetween(-MOST, -1)),
    }
    following = following.withColumns(turns).drop("subject", "turned", "repeats")
    without_client = acts.where(F.col("client_id").isNull())
    return following.unionByName(without_client, allowMissingColumns=True).where(F.col("action").isin(*KINDS.values()))


def _with_rivals(impressions: DataFrame, params: Mapping[str, Any]) -> DataFrame:
    """Return impressions with `others`: those of the same query_id and item to which an action may belong instead."""
    before, after = (durations.micros(params[name]) for name in ("request_window", "attribution_window"))
    one = F.struct("application", "query", F.coalesce("client_id", F.lit("")).alias("client"), F.col("at"))
    in_time = Window.partitionBy("query_id", "item_id").orderBy("at", "application").rowsBetween(-MOST, MOST)
    found = impressions.select(*ROW, "query", "client_id", F.unix_micros("shown_at").alias("at"))
    found = found.withColumns({"near": F.collect_list(one).over(in_time), "one": one})
    at = F.col("at")
    others = F.filter("near", lambda x: (x != F.col("one")) & x["at"].between(at - before, at + after))
    return found.select(*ROW, "one", others.alias("others"))


def _attributed(rows: DataFrame, acts: DataFrame, params: Mapping[str, Any]) -> DataFrame:
    """Join actions with their impressions, and add `dwell` (ms) and `long_known_at`, when a click was known as long."""
    closes = F.col("shown_at") + durations.span(params["attribution_window"])
    done = F.col("occurred_at")
    named = acts.withColumnRenamed("application", "act_application")
    joined = named.join(rows, ["query_id", "item_id"]).where(_belongs(Reach.of(params, "attribution_window")))
    quiet = F.least(done + durations.span(params["long_click_silence"]), closes)
    joined = joined.withColumn("quiet", quiet)
    settled = F.greatest("arrived_at", F.col("quiet") + durations.span(params["long_click_settling"]))
    joined = joined.withColumn("settled", settled).withColumn("end", _end())
    ended = F.coalesce(F.col("end.occurred_at") < F.col("quiet"), F.lit(False))
    dwell = F.expr("timestampdiff(MILLISECOND, occurred_at, end.occurred_at)")
    joined = joined.withColumn("dwell", F.when(ended, dwell))
    long = F.col("client_id").isNotNull() & (~ended | (F.col("dwell") >= int(params["long_click_ms"])))
    learnt = F.when(ended, F.col("end.arrived_at")).otherwise(F.col("settled"))
    return joined.withColumn("long_known_at", F.when(long, F.greatest("arrived_at", learnt)))


def _end() -> Column:
    """Return the action that ends the dwell: the first one elsewhere whose record arrived before it was settled."""
    ends = F.filter("later", lambda act: _is_elsewhere(act) & (act["arrived_at"] <= F.col("settled")))
    first = F.array_min(F.transform(ends, lambda act: F.struct(act["occurred_at"], act["arrived_at"])))
    return F.when(F.col("turn.arrived_at") <= F.col("settled"), F.col("turn")).otherwise(first)


def _is_elsewhere(act: Column) -> Column:
    """Return whether a later action is on another item, or under another query_id, than the action in the row."""
    on_another = F.coalesce(act["subject"] != F.coalesce("item_id", F.lit("")), F.lit(False))
    return on_another | (act["query_id"] != F.col("query_id"))


def _belongs(reach: Reach) -> Column:
    """Return true if the action belongs to the impression in the same row. All `others` show the same item."""
    client = F.coalesce("client_id", F.lit(""))
    act = Act(F.col("act_application"), F.col("act_query"), client, F.unix_micros("occurred_at"))
    one, yes = F.col("one"), F.lit(True)
    showing = Showing(one["application"], one["query"], one["client"], one["at"], yes)
    return is_best(act, showing, F.col("others"), reach, lambda _: yes)


def _summed(followed: DataFrame) -> DataFrame:
    """Return one row per impression with at least one action.

    An outcome is known since the first record of its kind arrived, whichever action that was. So a late record of an
    earlier action changes nothing that was known before.
    """
    did = {name: F.col("action") == kind for name, kind in KINDS.items()}
    act = F.struct("occurred_at", "dwell")
    summed = followed.groupBy(*ROW).agg(
        *(F.count_if(of_kind).alias(name) for name, of_kind in did.items()),
        *(F.min(F.when(of_kind, act)).alias(f"first_{name}") for name, of_kind in did.items()),
        *(F.min(F.when(of_kind, F.col("arrived_at"))).alias(f"{name}_known_at") for name, of_kind in did.items()),
        F.count_if(did["clicks"] & F.col("long_known_at").isNotNull()).alias("long_clicks"),
        F.min(F.when(did["clicks"], F.col("long_known_at"))).alias("long_click_known_at"),
    )
    return summed.select(
        *ROW, *COUNTS, F.col("first_clicks.dwell").alias("dwell"),
        F.col("first_clicks.occurred_at").alias("clicked_at"), F.col("clicks_known_at").alias("click_known_at"),
        "long_click_known_at",
        F.col("first_carts.occurred_at").alias("carted_at"), F.col("carts_known_at").alias("cart_known_at"),
        F.col("first_purchases.occurred_at").alias("purchased_at"),
        F.col("purchases_known_at").alias("purchase_known_at"),
    )  # fmt: skip


KINDS = {"clicks": "click", "carts": "cart", "purchases": "purchase"}
COUNTS = ["clicks", "long_clicks", "carts", "purchases"]
FOLLOWED = [
    *COUNTS, "dwell", "clicked_at", "click_known_at", "long_click_known_at", "carted_at", "cart_known_at",
    "purchased_at", "purchase_known_at",
]  # fmt: skip
