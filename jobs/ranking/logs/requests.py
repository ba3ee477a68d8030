"""Search requests: the landed query records in the product's own words, one row a record."""

from collections.abc import Mapping
from typing import Any

from pyspark.sql import DataFrame
from pyspark.sql import functions as F

from ranking.logs import fields

DEVICE_PATH = "query_attributes.device"
DEFAULT_MARKS: dict[str, list[str]] = {"sorted": [], "default_sorts": [], "filtered": [], "sponsored": []}


def build(inputs: Mapping[str, DataFrame], params: Mapping[str, Any]) -> DataFrame:
    """Device, normal form of the query and the marks of an order that was not the ranker's. Input: queries."""
    marks = {**DEFAULT_MARKS, **(params.get("marks") or {})}
    path = (params.get("devices") or {}).get("path", DEVICE_PATH)
    return inputs["queries"].select(
        "application",
        "record_id",
        "file_id",
        "arrived_at",
        F.col("queried_at").alias("requested_at"),
        "query_id",
        "client_id",
        fields.normalised("user_query").alias("query"),
        "user_query",
        fields.device(path).alias("device"),
        fields.mentions(marks["sorted"], marks["default_sorts"]).alias("user_sorted"),
        fields.mentions(marks["filtered"], []).alias("user_filtered"),
        fields.mentions(marks["sponsored"], []).alias("sponsored"),
        F.coalesce("query_response_hit_ids", F.array().cast("array<string>")).alias("hit_ids"),
    )
