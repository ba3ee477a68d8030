"""Make rows from numbers, in Spark or in memory. They are the same in every run."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta
from typing import TYPE_CHECKING, Any

import pyarrow as pa

if TYPE_CHECKING:
    from pyspark.sql import DataFrame, SparkSession

START = datetime(2024, 1, 1, tzinfo=UTC)
"""The first day of the benches' data."""

SHOWN_AT_ONCE = 10
"""The number of items shown for one search request."""

ITEMS = 100_003
"""The number of different items. It is a prime, so that the items of one request differ."""

DEVICES = ("Phone", "Desktop", "Tablet", "unknown")


def day(number: int) -> datetime:
    """Return the start of the day with this number, counted from START."""
    return START + timedelta(days=number)


def few_rows(count: int, first: int, at: datetime) -> list[dict[str, Any]]:
    """Return `count` rows with the numbers `first`, `first` + 1, ..., all within the minute that begins at `at`."""
    return [
        {
            "query_id": f"q{number // SHOWN_AT_ONCE:012x}",
            "item_id": f"item-{number * 7919 % ITEMS:06d}",
            "shown_at": at + timedelta(microseconds=number % 60_000_000),
            "device": DEVICES[number // SHOWN_AT_ONCE % len(DEVICES)],
            "position": number % SHOWN_AT_ONCE + 1,
            "clicks": int(number % 9 == 0),
            "dwell": float(number % 60_000),
            "price": number % 10_000 / 100,
        }
        for number in range(first, first + count)
    ]


def as_arrow(rows: list[dict[str, Any]], schema: pa.Schema) -> pa.Table:
    """Return the rows as an Arrow table with a table's types."""
    return pa.Table.from_pylist(rows, schema=schema)


def many_rows(spark: SparkSession, a_day: int, days: int, first_day: int = 0) -> DataFrame:
    """Return a DataFrame with `a_day` rows on each of `days` days. The rows are numbered across all days."""
    from pyspark.sql import functions as F

    number = F.col("id")
    query = F.floor(number / SHOWN_AT_ONCE)
    device = F.element_at(F.array(*[F.lit(name) for name in DEVICES]), (query % len(DEVICES) + 1).cast("int"))
    seconds = number / a_day * 86_400 + START.timestamp()
    return spark.range(first_day * a_day, (first_day + days) * a_day).select(
        F.concat(F.lit("q"), F.lpad(F.lower(F.hex(query)), 12, "0")).alias("query_id"),
        F.concat(F.lit("item-"), F.lpad((number * 7919 % ITEMS).cast("string"), 6, "0")).alias("item_id"),
        F.timestamp_micros((seconds * 1_000_000).cast("long")).alias("shown_at"),
        device.alias("device"),
        (number % SHOWN_AT_ONCE + 1).cast("int").alias("position"),
        (number % 9 == 0).cast("int").alias("clicks"),
        (number % 60_000).cast("double").alias("dwell"),
        (number % 10_000 / 100).alias("price"),
    )
