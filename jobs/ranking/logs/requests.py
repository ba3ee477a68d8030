"""Search requests: the landed query records, with device, normalised query and marks."""

from collections.abc import Iterable, Mapping
from typing import Any

from pyspark.sql import Column, DataFrame
from pyspark.sql import functions as F

from ranking.logs import fields
from ranking.logs.text import QueryText

DEVICE_PATH = "query_attributes.device"
DEFAULT_MARKS: dict[str, list[str]] = {"sorted": [], "default_sorts": [], "filtered": [], "sponsored": []}


def build(inputs: Mapping[str, DataFrame], params: Mapping[str, Any]) -> DataFrame:
    """Return one row per query record, with marks for lists that the ranker did not order. Input: queries.

    An id that is a placeholder, such as `undefined`, becomes null. Hits are read from UBI's own field, otherwise from
    the paths of the setting `hits`.
    """
    marks = {**DEFAULT_MARKS, **(params.get("marks") or {})}
    path = (params.get("devices") or {}).get("path", DEVICE_PATH)
    return inputs["queries"].select(
        "application",
        "record_id",
        "file_id",
        "arrived_at",
        F.col("queried_at").alias("requested_at"),
        fields.id_of(F.col("query_id")).alias("query_id"),
        fields.id_of(F.col("client_id")).alias("client_id"),
        fields.normalised(F.col("user_query"), QueryText.of(params)).alias("query"),
        "user_query",
        fields.device(path).alias("device"),
        fields.mentions(marks["sorted"], marks["default_sorts"]).alias("user_sorted"),
        fields.mentions(marks["filtered"], []).alias("user_filtered"),
        fields.mentions(marks["sponsored"], []).alias("sponsored"),
        _hits((params.get("hits") or {}).get("paths") or ()).alias("hit_ids"),
    )


def _hits(paths: Iterable[str]) -> Column:
    """Return the returned items in their order. An entry without an id is null; without hits the list is empty."""
    logged = F.when(F.size("query_response_hit_ids") > 0, F.col("query_response_hit_ids"))
    elsewhere = (fields.texts_at(path, "query_attributes", "other_fields") for path in paths)
    return F.transform(F.coalesce(logged, *elsewhere, F.array().cast("array<string>")), fields.id_of)
