"""The transforms of the chain. Rows show from which snapshots they were built, because they count their inputs."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from pyspark.sql import DataFrame
from pyspark.sql import functions as F


def hourly(inputs: Mapping[str, DataFrame], params: Mapping[str, Any]) -> DataFrame:
    """Count the sign-ups of each hour."""
    return _by_hour(inputs["signups"])


def compared(inputs: Mapping[str, DataFrame], params: Mapping[str, Any]) -> DataFrame:
    """Count again, and put the count of `nights.hourly` and the changes of plan so far beside it."""
    counted = _by_hour(inputs["signups"])
    other = inputs["hourly"].select("hour", F.col("signups").alias("hourly"))
    plans = inputs["plans"].select("happened_at")
    before = F.col("happened_at") < F.col("hour") + F.make_interval(hours=F.lit(1))
    with_plans = counted.join(plans, before, "left").groupBy("hour", "signups")
    return with_plans.agg(F.count("happened_at").alias("plans")).join(other, "hour", "left")


def models(inputs: Mapping[str, DataFrame], params: Mapping[str, Any]) -> DataFrame:
    """Return one row with the sums of the inputs and the next version."""
    version = inputs["earlier"].agg((F.coalesce(F.max("version"), F.lit(0)) + 1).alias("version"))
    signups = inputs["compared"].agg(F.coalesce(F.sum("signups"), F.lit(0)).alias("signups"))
    plans = inputs["plans"].agg(F.count(F.lit(1)).alias("plans"))
    return version.crossJoin(signups).crossJoin(plans)


def scores(inputs: Mapping[str, DataFrame], params: Mapping[str, Any]) -> DataFrame:
    """Return the newest version beside the sum of `nights.hourly`."""
    newest = inputs["models"].agg(F.max("version").alias("version"), F.max_by("signups", "version").alias("signups"))
    total = inputs["hourly"].agg(F.coalesce(F.sum("signups"), F.lit(0)).alias("hourly"))
    return newest.where("version is not null").crossJoin(total)


def _by_hour(signups: DataFrame) -> DataFrame:
    counted = signups.groupBy(F.date_trunc("hour", "happened_at").alias("hour"))
    return counted.agg(F.count(F.lit(1)).alias("signups"))
