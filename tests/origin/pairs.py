"""The parser and the transform of pairs that are handed in, each with its features."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from typing import Any

from pyspark.sql import DataFrame
from pyspark.sql import functions as F


def parse(record: Mapping[str, Any], place: Mapping[str, Any]) -> Iterable[tuple[str, dict[str, Any]]]:
    """Yield the record as a row of `pairs`."""
    yield "pairs", {name: record.get(name) for name in ("application", "query", "item_id", "seen_at")}


def features(inputs: Mapping[str, DataFrame], params: Mapping[str, Any]) -> DataFrame:
    """Return the features of each pair on the day on which it was seen."""
    return inputs["pairs"].select(
        "application",
        "query",
        "item_id",
        F.to_date("seen_at").alias("day"),
        F.length("item_id").cast("double").alias("f_clicks"),
        F.lit(0.5).alias("f_noise"),
        F.lit(2.0).alias("f_position_mean_28"),
        F.create_map(F.lit("c_match"), F.lit(0.3)).alias("named"),
    )
