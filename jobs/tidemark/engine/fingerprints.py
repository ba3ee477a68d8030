"""Fingerprints of sets of rows, by which two versions of a partition are compared without sorting or joining them.

A fingerprint is the number of rows and two sums of 64-bit hashes of each row, with different seeds. It does not depend
on the order of the rows. Rows that differ have the same fingerprint with a probability of about 2^-128.
"""

from __future__ import annotations

from collections.abc import Mapping
from datetime import datetime
from typing import TYPE_CHECKING, NamedTuple

from tidemark.catalog.manifests import EPOCH
from tidemark.state.ranges import MICROSECOND

if TYPE_CHECKING:
    from pyspark.sql import Column, DataFrame
    from pyspark.sql.types import DataType

SEEDS = (1, 2)


class Fingerprint(NamedTuple):
    """What is known of a set of rows: their number, and a sum of hashes for each seed."""

    rows: int
    first: int
    second: int


def fingerprints(frame: DataFrame, event_time: str, unit: str) -> Mapping[datetime, Fingerprint]:
    """Return the fingerprint of the rows of each hour, day or month, by its start in UTC.

    `unit` is the word for it in Spark's `date_trunc`. Spark's session has to be in UTC; this process may be elsewhere.
    """
    from pyspark.sql import functions as F

    start = F.unix_micros(F.date_trunc(unit, F.col(event_time).cast("timestamp"))).alias("start")
    sums = [F.sum(_row_hash(frame, seed).cast("decimal(20,0)")).alias(f"sum{seed}") for seed in SEEDS]
    found = frame.groupBy(start).agg(F.count(F.lit(1)).alias("rows"), *sums).collect()
    return {EPOCH + row[0] * MICROSECOND: Fingerprint(*(int(value) for value in row[1:])) for row in found}


def _row_hash(frame: DataFrame, seed: int) -> Column:
    """Return a 64-bit hash of the whole row.

    The hash skips nulls, so which columns are null is hashed as well.
    """
    from pyspark.sql import functions as F

    columns = [(F.col(f"`{field.name}`"), field.dataType) for field in frame.schema.fields]
    nulls = [column.isNull() for column, _ in columns]
    return F.xxhash64(F.lit(seed), *nulls, *(_hashable(column, kind) for column, kind in columns))


def _hashable(column: Column, kind: DataType) -> Column:
    """Return a column as a value that Spark hashes whole: nested values as JSON text, maps ordered by key."""
    from pyspark.sql import functions as F
    from pyspark.sql.types import ArrayType, MapType, StructType

    if isinstance(kind, MapType):
        column = F.array_sort(F.map_entries(column))
    elif not isinstance(kind, ArrayType | StructType):
        return column
    return F.to_json(F.struct(column.alias("value")), {"ignoreNullFields": "false"})
