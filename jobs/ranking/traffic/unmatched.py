"""What an account remarks of new actions: which of them match no query record, and which no impression, so far.

The counterpart may still arrive, and then the next build of its day uses the action. So these counts say what was known
when the session ran.
"""

from collections.abc import Mapping
from typing import Any

from pyspark.sql import DataFrame
from pyspark.sql import functions as F

from ranking import durations

FOLLOWING = {"click": "clicks", "cart": "carts", "purchase": "purchases"}


def of_requests(new: Mapping[str, DataFrame], known: Mapping[str, DataFrame], params: Mapping[str, Any]) -> DataFrame:
    """Return a remark for each new action whose query_id no query record within `attribution_window` before it has."""
    acts = new["actions"].where(F.col("query_id").isNotNull())
    asked = known["requests"].select("query_id", F.col("requested_at").alias("at"))
    what = F.lit("events without their query record so far")
    return _without(acts, asked, ["query_id"], params).select("file_path", what.alias("what"))


def of_impressions(
    new: Mapping[str, DataFrame], known: Mapping[str, DataFrame], params: Mapping[str, Any]
) -> DataFrame:
    """Return a remark for each new click, cart and purchase of an item that its query_id had not shown in time.

    In time means at most `attribution_window` before the action, or `clock_skew` after it. Actions without a query_id
    or an item are left out: the account of the landed events counts them.
    """
    acts = new["actions"].where(F.col("action").isin(*FOLLOWING))
    acts = acts.where(F.col("query_id").isNotNull() & F.col("item_id").isNotNull())
    shown = known["impressions"].select("query_id", "item_id", F.col("shown_at").alias("at"))
    kinds = F.create_map(*(F.lit(text) for pair in FOLLOWING.items() for text in pair))
    what = F.concat(kinds[F.col("action")], F.lit(" without an impression so far"))
    return _without(acts, shown, ["query_id", "item_id"], params).select("file_path", what.alias("what"))


def _without(acts: DataFrame, others: DataFrame, keys: list[str], params: Mapping[str, Any]) -> DataFrame:
    """Return the actions that agree with none of the others in the keys and in time.

    The others are first cut down to what the ranges of the session can need, so that the whole history is not read.
    """
    before, skew = (durations.duration(params[name]) for name in ("attribution_window", "clock_skew"))
    needed = durations.instants_within(F.col("at"), [(start - before, end + skew) for start, end in params["ranges"]])
    renamed = others.where(needed).select(*(F.col(key).alias(f"other_{key}") for key in keys), "at")
    at, done = F.col("at"), F.col("occurred_at")
    agrees = (at >= done - durations.span(before)) & (at <= done + durations.span(skew))
    for key in keys:
        agrees = agrees & (F.col(key) == F.col(f"other_{key}"))
    return acts.join(renamed, agrees, "left_anti")
