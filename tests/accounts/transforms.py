"""The transforms of the accounts domain."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from pyspark.sql import Column, DataFrame
from pyspark.sql import functions as F


def facts(inputs: Mapping[str, DataFrame], params: Mapping[str, Any]) -> DataFrame:
    """Return one row per event, with its plan in lower case."""
    feed = inputs["feed"]
    return feed.select("event_id", "account_id", F.lower("plan").alias("plan"), "happened_at")


def facts_with_campaign(inputs: Mapping[str, DataFrame], params: Mapping[str, Any]) -> DataFrame:
    """Return the rows of `facts` with one more column."""
    return facts(inputs, params).withColumn("campaign", F.lit("unknown"))


def once(inputs: Mapping[str, DataFrame], params: Mapping[str, Any]) -> DataFrame:
    """Return the rows of `facts` for a feed that repeats events: the record of an event that arrived first is used."""
    first = F.struct("arrived_at", "happened_at", "account_id", "plan")
    counted = inputs["feed"].groupBy("event_id").agg(F.min(first).alias("first"))
    plan = F.lower("first.plan").alias("plan")
    return counted.select("event_id", "first.account_id", plan, "first.happened_at")


def active(inputs: Mapping[str, DataFrame], params: Mapping[str, Any]) -> DataFrame:
    """Count the active accounts by plan at the end of each hour."""
    counted = inputs["states"].where("active").groupBy("hour", "plan")
    return counted.agg(F.count(F.lit(1)).alias("accounts"))


def states(inputs: Mapping[str, DataFrame], params: Mapping[str, Any]) -> DataFrame:
    """Return the state of each account at the end of each hour, beginning with the hour of its sign-up."""
    signups = (
        inputs["signups"]
        .groupBy("account_id")
        .agg(
            F.min("happened_at").alias("since"),
            F.min_by("plan", F.struct("happened_at", "event_id")).alias("first_plan"),
        )
    )
    hours = _hours(inputs["signups"], params)
    alive = signups.join(hours, F.col("since") < F.col("hour") + _hour())
    plans = inputs["plans"].select(
        "account_id", F.col("plan").alias("next_plan"), F.col("happened_at").alias("changed_at")
    )
    in_force = (F.col("p.account_id") == F.col("a.account_id")) & (F.col("changed_at") < F.col("hour") + _hour())
    planned = (
        alive.alias("a")
        .join(plans.alias("p"), in_force & (F.col("changed_at") >= F.col("since")), "left")
        .groupBy("a.account_id", "hour", "since", "first_plan")
        .agg(F.max_by("next_plan", F.struct("changed_at", "next_plan")).alias("latest"))
    )
    cancels = inputs["cancels"].groupBy("account_id").agg(F.collect_list("happened_at").alias("cancels"))
    ended = F.exists("cancels", lambda at: (at >= F.col("since")) & (at < F.col("hour") + _hour()))
    return planned.join(cancels, "account_id", "left").select(
        "account_id",
        "hour",
        F.coalesce("latest", "first_plan").alias("plan"),
        (~F.coalesce(ended, F.lit(False))).alias("active"),
    )


def around(inputs: Mapping[str, DataFrame], params: Mapping[str, Any]) -> DataFrame:
    """Count the sign-ups from three hours before each hour to one hour after it. Hours without any have no row."""
    counted = inputs["signups"].groupBy(F.date_trunc("hour", "happened_at").alias("at")).count()
    steps = counted.select("count", F.explode(F.sequence(F.lit(-1), F.lit(3))).alias("step"), "at")
    shifted = steps.select((F.col("at") + F.make_interval(hours="step")).alias("hour"), "count")
    return shifted.groupBy("hour").agg(F.sum("count").alias("signups"))


def earlier_days(inputs: Mapping[str, DataFrame], params: Mapping[str, Any]) -> DataFrame:
    """Count the sign-ups of the two days before each day."""
    counted = inputs["signups"].groupBy(F.to_date("happened_at").alias("on")).count()
    shifted = counted.select("count", F.explode(F.array(F.date_add("on", 1), F.date_add("on", 2))).alias("day"))
    return shifted.groupBy("day").agg(F.sum("count").alias("signups"))


def totals(inputs: Mapping[str, DataFrame], params: Mapping[str, Any]) -> DataFrame:
    """Return a new version with its number and the sign-ups so far."""
    earlier = inputs["earlier"].agg((F.count(F.lit(1)) + 1).alias("number"))
    counted = inputs["signups"].agg(F.count(F.lit(1)).alias("signups"))
    return earlier.crossJoin(counted).select(F.lit(params["session"]).alias("version"), "number", "signups")


def _hour() -> Column:
    """Return an interval of one hour. It is not a constant, because a column needs a Spark session."""
    return F.expr("interval 1 hour")


def _hours(frame: DataFrame, params: Mapping[str, Any]) -> DataFrame:
    """Return the hours of the ranges to build, one row per hour."""
    pieces = [
        frame.sparkSession.range(1).select(
            F.explode(F.sequence(F.lit(start), F.lit(end) - _hour(), F.expr("interval 1 hour"))).alias("hour")
        )
        for start, end in params["ranges"]
    ]
    hours = pieces[0]
    for piece in pieces[1:]:
        hours = hours.unionByName(piece)
    return hours
