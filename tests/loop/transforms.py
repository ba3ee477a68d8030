"""Transforms of datasets that only these tests build."""

from __future__ import annotations

import json
from collections.abc import Mapping, Sequence
from typing import Any

from pyspark.sql import DataFrame
from pyspark.sql import functions as F

from tests.accounts.transforms import facts


def hours_of_earlier_days(inputs: Mapping[str, DataFrame], params: Mapping[str, Any]) -> DataFrame:
    """Count all hours of the two days before each day."""
    counted = inputs["signups"].groupBy(F.to_date("hour").alias("on")).agg(F.sum("signups").alias("count"))
    shifted = counted.select("count", F.explode(F.array(F.date_add("on", 1), F.date_add("on", 2))).alias("day"))
    return shifted.groupBy("day").agg(F.sum("count").alias("signups"))


def refusing(inputs: Mapping[str, DataFrame], params: Mapping[str, Any]) -> DataFrame:
    """A transform that refuses its settings."""
    raise ValueError("search.yaml: the horizon is no multiple of the cuts\x1b[2J; write 28d")


def by_way_of_files(inputs: Mapping[str, DataFrame], params: Mapping[str, Any]) -> DataFrame:
    """Take the rows from files of its own, which Spark reads only when the session writes."""
    place = f"file://{params['scratch']}/rows"
    facts(inputs, params).write.parquet(place)
    return inputs["feed"].sparkSession.read.parquet(place)


def stumbling(inputs: Mapping[str, DataFrame], params: Mapping[str, Any]) -> DataFrame:
    """A transform with a bug that makes a library fail."""
    json.loads("{")
    return inputs["feed"]


SEEN_BY_NEWS: list[tuple[Sequence[Mapping[str, Any]], Sequence[Mapping[str, Any]]]] = []
"""The arguments that `holds_new_accounts` was called with."""


def holds_new_accounts(files: Sequence[Mapping[str, Any]], own: Sequence[Mapping[str, Any]]) -> bool:
    """Return whether a file may hold another account than anna's."""
    SEEN_BY_NEWS.append((files, own))
    return any(file["account_id"] != ("anna", "anna") for file in files)


def new_accounts(inputs: Mapping[str, DataFrame], params: Mapping[str, Any]) -> DataFrame:
    """Make one more version, which counts the rows that it was given and records whether these are all rows."""
    earlier = inputs["earlier"].agg((F.count(F.lit(1)) + 1).alias("number"))
    counted = inputs["signups"].agg(F.count(F.lit(1)).alias("signups"))
    first_or_whole = "signups" not in params["added"]
    version = F.concat(F.lit(params["session"]), F.lit(" whole" if first_or_whole else " added"))
    return earlier.crossJoin(counted).select(version.alias("version"), "number", "signups")
