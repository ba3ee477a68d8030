"""The account of judgments, items and logged features: how many match nothing in the logs."""

from functools import reduce

from pyspark.sql import Column, DataFrame
from pyspark.sql import functions as F

APPLICATION = ["application"]
QUERY = ["application", "query"]
ITEM = ["application", "item_id"]


def account_of_handed_in(
    judgments: DataFrame | None, items: DataFrame | None, log: DataFrame | None, impressions: DataFrame
) -> dict[str, int]:
    """Return counts by description. An input that was not handed in is None and has no lines. Runs one Spark job.

    Grades, items and features whose application, query or item has no impression enter no label, example or ranker.
    So the counts show an application or a query that is spelled differently in the logs.
    """
    lines = [
        *_judgments(judgments, impressions),
        *_matches("items", items, ITEM, "never shown", impressions),
        *_matches("logged features", log, QUERY, "their query was never searched", impressions),
    ]
    if not lines:
        return {}
    numbered = [line.withColumn("at", F.lit(at)) for at, line in enumerate(lines)]
    rows = reduce(DataFrame.unionByName, numbered).orderBy("at", "what").collect()
    return {row["what"]: int(row["number"]) for row in rows}


def _judgments(judgments: DataFrame | None, impressions: DataFrame) -> list[DataFrame]:
    lines = _matches("judgments", judgments, QUERY, "their query was never searched", impressions)
    if judgments is None:
        return lines
    record = F.count_distinct(F.struct("application", "record_id"))
    doubles = judgments.agg((F.count("*") - record).alias("number"))
    undated = judgments.where(~F.col("dated"))
    return [
        *lines,
        doubles.select(F.lit("judgments: repeated in another file").alias("what"), "number"),
        _count(undated, F.lit("judgments: without a date, so they count as always known")),
    ]


def _matches(
    kind: str, rows: DataFrame | None, keys: list[str], unmatched: str, impressions: DataFrame
) -> list[DataFrame]:
    """Count the rows, those of each application without impressions, and the others whose keys have no impression.

    `unmatched` describes the last count.
    """
    if rows is None:
        return []
    shown = impressions.select(*APPLICATION).distinct()
    unknown_application = rows.join(shown, APPLICATION, "left_anti")
    known_application = rows.join(shown, APPLICATION, "left_semi")
    without_impression = known_application.join(impressions.select(*keys).distinct(), keys, "left_anti")
    name = F.concat(F.lit(f"{kind}: application "), F.col("application"), F.lit(" has no impressions"))
    return [
        _count(rows, F.lit(f"{kind} landed")),
        unknown_application.groupBy(name.alias("what")).agg(F.count("*").alias("number")),
        _count(without_impression, F.lit(f"{kind}: {unmatched}")),
    ]


def _count(rows: DataFrame, what: Column) -> DataFrame:
    return rows.agg(F.count("*").alias("number")).select(what.alias("what"), "number")
