"""Transforms of chains that only these tests build."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from pyspark.sql import DataFrame
from pyspark.sql import functions as F


def hours_of_earlier_days(inputs: Mapping[str, DataFrame], params: Mapping[str, Any]) -> DataFrame:
    """The counts of all hours of the two days before each day."""
    counted = inputs["signups"].groupBy(F.to_date("hour").alias("on")).agg(F.sum("signups").alias("count"))
    shifted = counted.select("count", F.explode(F.array(F.date_add("on", 1), F.date_add("on", 2))).alias("day"))
    return shifted.groupBy("day").agg(F.sum("count").alias("signups"))
