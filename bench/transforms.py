"""The transforms of the benches' datasets."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from pyspark.sql import Column, DataFrame
from pyspark.sql import functions as F

Inputs = Mapping[str, DataFrame]
Params = Mapping[str, Any]


def shown(inputs: Inputs, params: Params) -> DataFrame:
    """Return each event with its device in lower case."""
    return inputs["events"].withColumn("device", F.lower("device"))


def days(inputs: Inputs, params: Params) -> DataFrame:
    """Count impressions and clicks for each item and day."""
    return _count(inputs["shown"], F.to_date("shown_at").alias("day"))


def hours(inputs: Inputs, params: Params) -> DataFrame:
    """Count impressions and clicks for each item and hour."""
    return _count(inputs["shown"], F.date_trunc("hour", F.col("shown_at")).alias("hour"))


def _count(shown: DataFrame, period: Column) -> DataFrame:
    counts = (F.count(F.lit(1)).alias("shown"), F.sum("clicks").alias("clicks"))
    return shown.groupBy("item_id", period).agg(*counts)


def weeks(inputs: Inputs, params: Params) -> DataFrame:
    """Sum the counts of the seven days before each day."""
    reached = F.explode(F.sequence(F.date_add("day", 1), F.date_add("day", 7)))
    shifted = inputs["days"].select("item_id", reached.alias("day"), "shown", "clicks")
    return shifted.groupBy("item_id", "day").agg(F.sum("shown").alias("shown"), F.sum("clicks").alias("clicks"))


def totals(inputs: Inputs, params: Params) -> DataFrame:
    """Return a new version: the number of impressions."""
    counted = inputs["shown"].agg(F.count(F.lit(1)).alias("shown"))
    return counted.select(F.lit(params["session"]).alias("version"), "shown")
