"""Counts fields of the logs that are not read, so that a field under an unexpected name is noticed."""

from collections.abc import Iterable

from pyspark.sql import Column, DataFrame
from pyspark.sql import functions as F

MOST = 20
"""How many names are listed, the most frequent first."""
STANDARD = ("object_id_field", "user_id", "page_id", "message_type", "query")
"""Fields of UBI that are not used for relevance."""
_LIST = r'^\[\s*("[^"]|-?[0-9])'
_LIKE_IDS = r"(?i)(hit|doc|result|item|product|object|sku|ids$)"


def named(records: DataFrame, what: str, read: Iterable[str] = ()) -> DataFrame:
    """Count the records of each field that has no column and is in no path of `read`, as lines (what, number)."""
    known = [*STANDARD, *(path.removeprefix("other_fields.").split(".")[0] for path in read)]
    names = records.select(F.explode(F.json_object_keys("other_fields")).alias("name"))
    names = names.where(~F.col("name").isin(*known))
    return _lines(names, F.concat(F.lit(f"{what}: field "), "name", F.lit(", which is not read")))


def looking_like_hits(hitless: DataFrame) -> DataFrame:
    """Count, among records without hits, those with a list that looks like hits, as lines (what, number) by field."""
    fields = _fields(hitless, "other_fields").unionByName(
        _fields(hitless, "query_attributes").where(F.col("name").rlike(_LIKE_IDS))
    )
    lists = fields.where(F.col("value").rlike(_LIST))
    what = F.concat(
        F.lit("query records: without hits; they may be in "), "place", F.lit(" (setting hits in search.yaml)")
    )
    return _lines(lists, what)


def _fields(records: DataFrame, column: str) -> DataFrame:
    inside = records.select(F.explode(F.from_json(column, "map<string,string>")).alias("name", "value"))
    return inside.withColumn("place", F.concat(F.lit(f"{column}."), "name"))


def _lines(rows: DataFrame, what: Column) -> DataFrame:
    counted = rows.groupBy(what.alias("what")).agg(F.count("*").alias("number"))
    return counted.orderBy(F.desc("number"), "what").limit(MOST)
