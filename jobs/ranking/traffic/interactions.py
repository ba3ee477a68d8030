"""Interactions: each impression with the clicks, carts and purchases that followed, however late they arrived.

An act belongs to the impression that fits it best (`ranking.traffic.belonging`) among those of its query_id and item
that were shown at most `attribution_window` before it and at most `clock_skew` after it. Impressions that were shown
more than `request_window` before another one do not stand in its way. Records that agree in application, action,
query_id, item, client and instant are one act.

A *stay* begins with a click and ends with the same client's next action on another item or under another query_id;
impression events of the same query_id and acts on the clicked item do not end it. A stay that nothing ended
within `long_click_silence`, or before the attribution window closed, has no length.
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
"""Impressions of one query_id and item that are looked at on each side of one of them."""


def build(inputs: Mapping[str, DataFrame], params: Mapping[str, Any]) -> DataFrame:
    """Inputs: impressions, actions. One row an impression; times and dwell are null where nothing happened."""
    shown = _with_rivals(inputs["impressions"], params)
    shown = shown.where(durations.instants_within(F.col("shown_at"), params["ranges"]))
    impressions = inputs["impressions"].where(durations.instants_within(F.col("shown_at"), params["ranges"]))
    acts = _with_stays(_once(inputs["actions"]))
    followed = _attributed(shown, acts, params)
    counts = {name: F.coalesce(name, F.lit(0)).cast("int") for name in COUNTS}
    joined = impressions.join(_summed(followed), ROW, "left").withColumns(counts)
    return joined.select(*impressions.columns, *FOLLOWED)


def _once(actions: DataFrame) -> DataFrame:
    """One row an act; it was known when its first record arrived, and names a query text if one of them does."""
    return actions.groupBy(*ACT).agg(F.min("arrived_at").alias("arrived_at"), F.max("query").alias("act_query"))


def _with_stays(acts: DataFrame) -> DataFrame:
    """Clicks, carts and purchases, each with `end`: instant and arrival of the act that ended a stay begun there."""
    in_time = Window.partitionBy("application", "client_id").orderBy("occurred_at", "action", "query_id", "item_id")
    before = in_time.rowsBetween(Window.unboundedPreceding, -1)
    after = in_time.rowsBetween(1, Window.unboundedFollowing)
    doing = F.col("action") != "impression"
    subject = F.when(doing, F.coalesce("item_id", F.lit("")))
    turns = {
        "to_item": doing & (subject != F.last(subject, ignorenulls=True).over(before)),
        "to_query": F.col("query_id") != F.last("query_id", ignorenulls=True).over(before),
    }
    turned = F.when(F.col("to_item") | F.col("to_query"), F.struct("occurred_at", "arrived_at"))
    following = acts.where(F.col("client_id").isNotNull()).withColumns(turns)
    following = following.withColumn("end", F.min(turned).over(after)).drop(*turns)
    nobody = acts.where(F.col("client_id").isNull())
    return following.unionByName(nobody, allowMissingColumns=True).where(F.col("action").isin(*KINDS.values()))


def _with_rivals(impressions: DataFrame, params: Mapping[str, Any]) -> DataFrame:
    """Impressions, each beside those of the same query_id and item that an act may belong to instead: `others`."""
    before, after = (durations.micros(params[name]) for name in ("request_window", "attribution_window"))
    one = F.struct("application", "query", F.coalesce("client_id", F.lit("")).alias("client"), F.col("at"))
    in_time = Window.partitionBy("query_id", "item_id").orderBy("at", "application").rowsBetween(-MOST, MOST)
    found = impressions.select(*ROW, "query", "client_id", F.unix_micros("shown_at").alias("at"))
    found = found.withColumns({"near": F.collect_list(one).over(in_time), "one": one})
    at = F.col("at")
    others = F.filter("near", lambda x: (x != F.col("one")) & x["at"].between(at - before, at + after))
    return found.select(*ROW, "one", others.alias("others"))


def _attributed(rows: DataFrame, acts: DataFrame, params: Mapping[str, Any]) -> DataFrame:
    """Acts beside the impressions that they followed, with `dwell` and `long_known_at` of the clicks."""
    closes = F.col("shown_at") + durations.span(params["attribution_window"])
    done = F.col("occurred_at")
    named = acts.withColumnRenamed("application", "act_application")
    joined = named.join(rows, ["query_id", "item_id"]).where(_belongs(Reach.of(params, "attribution_window")))
    quiet = F.least(done + durations.span(params["long_click_silence"]), closes)
    ended = F.coalesce(F.col("end.occurred_at") < quiet, F.lit(False))
    stay = F.expr("timestampdiff(MILLISECOND, occurred_at, end.occurred_at)")
    joined = joined.withColumn("dwell", F.when(ended, stay)).withColumn("quiet", quiet)
    somebody = F.col("client_id").isNotNull()
    long = somebody & (~ended | (F.col("dwell") >= int(params["long_click_ms"])))
    learnt = F.when(ended, F.col("end.arrived_at")).otherwise(F.col("quiet"))
    return joined.withColumn("long_known_at", F.when(long, F.greatest("arrived_at", learnt)))


def _belongs(reach: Reach) -> Column:
    """True where an act belongs to the impression beside it. All that stand in its way show the item too."""
    client = F.coalesce("client_id", F.lit(""))
    act = Act(F.col("act_application"), F.col("act_query"), client, F.unix_micros("occurred_at"))
    one, yes = F.col("one"), F.lit(True)
    showing = Showing(one["application"], one["query"], one["client"], one["at"], yes)
    return is_best(act, showing, F.col("others"), reach, lambda _: yes)


def _summed(followed: DataFrame) -> DataFrame:
    """One row an impression that somebody acted on."""
    did = {name: F.col("action") == kind for name, kind in KINDS.items()}
    act = F.struct("occurred_at", "arrived_at", "dwell")
    summed = followed.groupBy(*ROW).agg(
        *(F.count_if(of_kind).alias(name) for name, of_kind in did.items()),
        *(F.min(F.when(of_kind, act)).alias(f"first_{name}") for name, of_kind in did.items()),
        F.count_if(did["clicks"] & F.col("long_known_at").isNotNull()).alias("long_clicks"),
        F.min(F.when(did["clicks"], F.col("long_known_at"))).alias("long_click_known_at"),
    )
    return summed.select(
        *ROW, *COUNTS, F.col("first_clicks.dwell").alias("dwell"),
        F.col("first_clicks.occurred_at").alias("clicked_at"), F.col("first_clicks.arrived_at").alias("click_known_at"),
        "long_click_known_at",
        F.col("first_carts.occurred_at").alias("carted_at"), F.col("first_carts.arrived_at").alias("cart_known_at"),
        F.col("first_purchases.occurred_at").alias("purchased_at"),
        F.col("first_purchases.arrived_at").alias("purchase_known_at"),
    )  # fmt: skip


KINDS = {"clicks": "click", "carts": "cart", "purchases": "purchase"}
COUNTS = ["clicks", "long_clicks", "carts", "purchases"]
FOLLOWED = [
    *COUNTS, "dwell", "clicked_at", "click_known_at", "long_click_known_at", "carted_at", "cart_known_at",
    "purchased_at", "purchase_known_at",
]  # fmt: skip
