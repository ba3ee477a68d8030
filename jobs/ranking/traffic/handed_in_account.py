"""What became of judgments, items and logged features: how many of them belong to nothing that the logs show."""

from functools import reduce

from pyspark.sql import Column, DataFrame
from pyspark.sql import functions as F

APPLICATION = ["application"]
QUERY = ["application", "query"]
ITEM = ["application", "item_id"]


def account_of_handed_in(
    judgments: DataFrame | None, items: DataFrame | None, log: DataFrame | None, impressions: DataFrame
) -> dict[str, int]:
    """Counts by what is counted. An input that nobody handed in is None and has no lines. Runs one job.

    Grades, items and features of an application, query or item without any impression are in no label, example or
    ranker: an application or a query that is written otherwise in the logs shows here.
    """
    lines = [
        *_judgments(judgments, impressions),
        *_known("items", items, ITEM, "that was never shown", impressions),
        *_known("logged features", log, QUERY, "whose query nobody asked", impressions),
    ]
    if not lines:
        return {}
    numbered = [line.withColumn("at", F.lit(at)) for at, line in enumerate(lines)]
    rows = reduce(DataFrame.unionByName, numbered).orderBy("at", "what").collect()
    return {row["what"]: int(row["number"]) for row in rows}


def _judgments(judgments: DataFrame | None, impressions: DataFrame) -> list[DataFrame]:
    lines = _known("judgments", judgments, QUERY, "whose query nobody asked", impressions)
    if judgments is None:
        return lines
    record = F.count_distinct(F.struct("application", "record_id"))
    doubles = judgments.agg((F.count("*") - record).alias("number"))
    undated = judgments.where(~F.col("dated"))
    return [
        *lines,
        doubles.select(F.lit("judgments: a record again in another file").alias("what"), "number"),
        _count(undated, F.lit("judgments: without a date, so they count since ever")),
    ]


def _known(kind: str, rows: DataFrame | None, keys: list[str], unknown: str, impressions: DataFrame) -> list[DataFrame]:
    """How many there are, how many by application of one without impressions, and how many others belong to nothing."""
    if rows is None:
        return []
    shown = impressions.select(*APPLICATION).distinct()
    strange = rows.join(shown, APPLICATION, "left_anti")
    strays = rows.join(shown, APPLICATION, "left_semi").join(impressions.select(*keys).distinct(), keys, "left_anti")
    name = F.concat(F.lit(f"{kind}: of an application without impressions, "), F.col("application"))
    return [
        _count(rows, F.lit(f"{kind} landed")),
        strange.groupBy(name.alias("what")).agg(F.count("*").alias("number")),
        _count(strays, F.lit(f"{kind}: {unknown}")),
    ]


def _count(rows: DataFrame, what: Column) -> DataFrame:
    return rows.agg(F.count("*").alias("number")).select(what.alias("what"), "number")
