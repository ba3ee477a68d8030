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


class Place(NamedTuple):
    """Rows that are compared together: the start of their partition and, if asked for, their known day, in UTC."""

    partition: datetime
    known: datetime | None = None


class Fingerprint(NamedTuple):
    """What is known of a set of rows: their number, and a sum of hashes for each seed."""

    rows: int
    first: int
    second: int


def fingerprints(
    frame: DataFrame, event_time: str, unit: str, known_time: str | None = None
) -> Mapping[Place, Fingerprint]:
    """Return the fingerprint of the rows of each hour, day or month and, with `known_time`, of each known day.

    `unit` is the word for hour, day or month in Spark's `date_trunc`. Spark's session has to be in UTC; this process
    may be elsewhere.
    """
    from pyspark.sql import functions as F

    known = F.lit(None) if known_time is None else _start(known_time, "day")
    sums = [F.sum(_row_hash(frame, seed).cast("decimal(20,0)")).alias(f"sum{seed}") for seed in SEEDS]
    groups = frame.groupBy(_start(event_time, unit).alias("start"), known.cast("long").alias("known"))
    found = groups.agg(F.count(F.lit(1)).alias("rows"), *sums).collect()
    return {_place(row[0], row[1]): Fingerprint(*(int(value) for value in row[2:])) for row in found}


def _start(column: str, unit: str) -> Column:
    """Return the start of the unit that holds a date or an instant, in microseconds since 1970."""
    from pyspark.sql import functions as F

    return F.unix_micros(F.date_trunc(unit, F.col(column).cast("timestamp")))


def _place(partition: int, known: int | None) -> Place:
    return Place(EPOCH + partition * MICROSECOND, None if known is None else EPOCH + known * MICROSECOND)


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
