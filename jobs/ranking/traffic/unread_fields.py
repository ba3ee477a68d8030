"""Fields of the logs that nothing reads, by name: what is known under another name must not be lost unnoticed."""

from collections.abc import Iterable

from pyspark.sql import Column, DataFrame
from pyspark.sql import functions as F

MOST = 20
"""Names that are listed, the most frequent first."""
STANDARD = ("object_id_field", "user_id", "page_id", "message_type", "query")
"""Fields of UBI that mean nothing for relevance."""
_LIST = r'^\[\s*("[^"]|-?[0-9])'
_LIKE_IDS = r"(?i)(hit|doc|result|item|product|object|sku|ids$)"


def named(records: DataFrame, what: str, read: Iterable[str] = ()) -> DataFrame:
    """Lines (what, number): how many records have a field that no column holds and no path in `read`, for each name."""
    known = [*STANDARD, *(path.removeprefix("other_fields.").split(".")[0] for path in read)]
    names = records.select(F.explode(F.json_object_keys("other_fields")).alias("name"))
    names = names.where(~F.col("name").isin(*known))
    return _lines(names, F.concat(F.lit(f"{what}: field "), "name", F.lit(", which nothing reads")))


def looking_like_hits(hitless: DataFrame) -> DataFrame:
    """Lines (what, number): records without hits that hold a list which looks like them, for each place of it."""
    fields = _fields(hitless, "other_fields").unionByName(
        _fields(hitless, "query_attributes").where(F.col("name").rlike(_LIKE_IDS))
    )
    lists = fields.where(F.col("value").rlike(_LIST))
    what = F.concat(F.lit("query records: without hits, which may stand in "), "place", F.lit(" (hits in search.yaml)"))
    return _lines(lists, what)


def _fields(records: DataFrame, column: str) -> DataFrame:
    inside = records.select(F.explode(F.from_json(column, "map<string,string>")).alias("name", "value"))
    return inside.withColumn("place", F.concat(F.lit(f"{column}."), "name"))


def _lines(rows: DataFrame, what: Column) -> DataFrame:
    counted = rows.groupBy(what.alias("what")).agg(F.count("*").alias("number"))
    return counted.orderBy(F.desc("number"), "what").limit(MOST)
