"""Transforms of the benches' small domain."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from pyspark.sql import Column, DataFrame
from pyspark.sql import functions as F

Inputs = Mapping[str, DataFrame]
Params = Mapping[str, Any]


def shown(inputs: Inputs, params: Params) -> DataFrame:
    """Each event as it is, its device in small letters."""
    return inputs["events"].withColumn("device", F.lower("device"))


def days(inputs: Inputs, params: Params) -> DataFrame:
    """Counts an item and day."""
    return _counted(inputs["shown"], F.to_date("shown_at").alias("day"))


def hours(inputs: Inputs, params: Params) -> DataFrame:
    """Counts an item and hour."""
    return _counted(inputs["shown"], F.date_trunc("hour", F.col("shown_at")).alias("hour"))


def _counted(shown: DataFrame, span: Column) -> DataFrame:
    counts = (F.count(F.lit(1)).alias("shown"), F.sum("clicks").alias("clicks"))
    return shown.groupBy("item_id", span).agg(*counts)


def weeks(inputs: Inputs, params: Params) -> DataFrame:
    """Counts of the seven days before each day."""
    reached = F.explode(F.sequence(F.date_add("day", 1), F.date_add("day", 7)))
    shifted = inputs["days"].select("item_id", reached.alias("day"), "shown", "clicks")
    return shifted.groupBy("item_id", "day").agg(F.sum("shown").alias("shown"), F.sum("clicks").alias("clicks"))


def totals(inputs: Inputs, params: Params) -> DataFrame:
    """One more version."""
    counted = inputs["shown"].agg(F.count(F.lit(1)).alias("shown"))
    return counted.select(F.lit(params["session"]).alias("version"), "shown")
