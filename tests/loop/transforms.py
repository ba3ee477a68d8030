"""Transforms of chains that only these tests build."""

from __future__ import annotations

import json
from collections.abc import Mapping
from typing import Any

from pyspark.sql import DataFrame
from pyspark.sql import functions as F


def hours_of_earlier_days(inputs: Mapping[str, DataFrame], params: Mapping[str, Any]) -> DataFrame:
    """The counts of all hours of the two days before each day."""
    counted = inputs["signups"].groupBy(F.to_date("hour").alias("on")).agg(F.sum("signups").alias("count"))
    shifted = counted.select("count", F.explode(F.array(F.date_add("on", 1), F.date_add("on", 2))).alias("day"))
    return shifted.groupBy("day").agg(F.sum("count").alias("signups"))


def refusing(inputs: Mapping[str, DataFrame], params: Mapping[str, Any]) -> DataFrame:
    """A transform that cannot work with its settings, and says so."""
    raise ValueError("search.yaml: the horizon is no multiple of the cuts\x1b[2J; write 28d")


def stumbling(inputs: Mapping[str, DataFrame], params: Mapping[str, Any]) -> DataFrame:
    """A transform with a bug, over which a library stumbles."""
    json.loads("{")
    return inputs["feed"]
