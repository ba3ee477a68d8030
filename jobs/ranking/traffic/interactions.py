"""Interactions: each impression with the clicks, carts and purchases that followed, however late they arrived.

An act belongs to the impressions of its query_id and item that were shown at most `attribution_window` before it
(and at most `clock_skew` after it). Records that agree in application, action, query_id, item, client and instant
are one act.

A *stay* begins with a click and ends with the same client's next action on another item or under another query_id;
impression events of the same query_id and acts on the clicked item do not end it. A stay that nothing ended
within `long_click_silence`, or before the attribution window closed, has no length.
"""

from collections.abc import Mapping
from typing import Any

from pyspark.sql import DataFrame, Window
from pyspark.sql import functions as F

from ranking import durations

ACT = ["application", "action", "query_id", "item_id", "client_id", "occurred_at"]
ROW = ["application", "query_id", "item_id", "shown_at"]


def build(inputs: Mapping[str, DataFrame], params: Mapping[str, Any]) -> DataFrame:
    """Inputs: impressions, actions. One row an impression; times and dwell are null where nothing happened."""
    impressions = inputs["impressions"].where(durations.instants_within(F.col("shown_at"), params["ranges"]))
    acts = _with_stays(_once(inputs["actions"]))
    followed = _attributed(impressions.select(*ROW), acts, params)
    counts = {name: F.coalesce(name, F.lit(0)).cast("int") for name in COUNTS}
    joined = impressions.join(_summed(followed), ROW, "left").withColumns(counts)
    return joined.select(*impressions.columns, *FOLLOWED)


def _once(actions: DataFrame) -> DataFrame:
    """One row an act; it was known when its first record arrived."""
    return actions.groupBy(*ACT).agg(F.min("arrived_at").alias("arrived_at"))


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


def _attributed(rows: DataFrame, acts: DataFrame, params: Mapping[str, Any]) -> DataFrame:
    """Acts beside the impressions that they followed, with `dwell` and `long_known_at` of the clicks."""
    begin = F.col("shown_at") - durations.span(params["clock_skew"])
    closes = F.col("shown_at") + durations.span(params["attribution_window"])
    done = F.col("occurred_at")
    joined = acts.join(rows, ["application", "query_id", "item_id"]).where((done >= begin) & (done < closes))
    quiet = F.least(done + durations.span(params["long_click_silence"]), closes)
    ended = F.coalesce(F.col("end.occurred_at") < quiet, F.lit(False))
    stay = F.expr("timestampdiff(MILLISECOND, occurred_at, end.occurred_at)")
    joined = joined.withColumn("dwell", F.when(ended, stay)).withColumn("quiet", quiet)
    somebody = F.col("client_id").isNotNull()
    long = somebody & (~ended | (F.col("dwell") >= int(params["long_click_ms"])))
    learnt = F.when(ended, F.col("end.arrived_at")).otherwise(F.col("quiet"))
    return joined.withColumn("long_known_at", F.when(long, F.greatest("arrived_at", learnt)))


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
