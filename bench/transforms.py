"""Transforms of the benches' small domain."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from pyspark.sql import DataFrame
from pyspark.sql import functions as F

Inputs = Mapping[str, DataFrame]
Params = Mapping[str, Any]


def shown(inputs: Inputs, params: Params) -> DataFrame:
    """Each event as it is, its device in small letters."""
    return inputs["events"].withColumn("device", F.lower("device"))


def days(inputs: Inputs, params: Params) -> DataFrame:
    """Counts an item and day."""
    counts = (F.count(F.lit(1)).alias("shown"), F.sum("clicks").alias("clicks"))
    return inputs["shown"].groupBy("item_id", F.to_date("shown_at").alias("day")).agg(*counts)


def weeks(inputs: Inputs, params: Params) -> DataFrame:
    """Counts of the seven days before each day."""
    reached = F.explode(F.sequence(F.date_add("day", 1), F.date_add("day", 7)))
    shifted = inputs["days"].select("item_id", reached.alias("day"), "shown", "clicks")
    return shifted.groupBy("item_id", "day").agg(F.sum("shown").alias("shown"), F.sum("clicks").alias("clicks"))


def totals(inputs: Inputs, params: Params) -> DataFrame:
    """One more version."""
    counted = inputs["shown"].agg(F.count(F.lit(1)).alias("shown"))
    return counted.select(F.lit(params["session"]).alias("version"), "shown")
