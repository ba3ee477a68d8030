"""The accounts' transforms with a parameter that changes every row, so that a test can change their logic."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from pyspark.sql import DataFrame
from pyspark.sql import functions as F

from tests.accounts import transforms


def facts(inputs: Mapping[str, DataFrame], params: Mapping[str, Any]) -> DataFrame:
    """Each plan carries the version of the logic."""
    return _marked(transforms.facts(inputs, params), params)


def states(inputs: Mapping[str, DataFrame], params: Mapping[str, Any]) -> DataFrame:
    """Each plan carries the version of the logic."""
    return _marked(transforms.states(inputs, params), params)


def around(inputs: Mapping[str, DataFrame], params: Mapping[str, Any]) -> DataFrame:
    """Each count is multiplied by the version of the logic."""
    return _multiplied(transforms.around(inputs, params), params)


def earlier_days(inputs: Mapping[str, DataFrame], params: Mapping[str, Any]) -> DataFrame:
    """Each count is multiplied by the version of the logic."""
    return _multiplied(transforms.earlier_days(inputs, params), params)


def _marked(frame: DataFrame, params: Mapping[str, Any]) -> DataFrame:
    return frame.withColumn("plan", F.concat("plan", F.lit(f"-{params['version']}")))


def _multiplied(frame: DataFrame, params: Mapping[str, Any]) -> DataFrame:
    return frame.withColumn("signups", F.col("signups") * params["version"])
