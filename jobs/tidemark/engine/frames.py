"""Read Iceberg tables through Spark: as of a snapshot, only the added rows, or only some event times."""

from __future__ import annotations

from datetime import datetime
from typing import TYPE_CHECKING

from tidemark.catalog.manifests import schema_at, table_name
from tidemark.catalog.properties import CATALOG
from tidemark.spec.model import Column as SpecColumn
from tidemark.state.ranges import BEGINNING, END, Ranges, ceil

if TYPE_CHECKING:
    from pyiceberg.table import Table
    from pyspark.sql import Column, DataFrame, SparkSession


def qualified(dataset: str) -> str:
    """Return the name of a dataset's table in Spark."""
    return f"{CATALOG}.{dataset}"


def read_at(spark: SparkSession, dataset: str, snapshot_id: int) -> DataFrame:
    """Read the rows of a table as of a snapshot."""
    return spark.read.format("iceberg").option("versionAsOf", snapshot_id).load(qualified(dataset))


def read_input(spark: SparkSession, table: Table, snapshot_id: int) -> DataFrame:
    """Read the rows as of a snapshot, with the columns that the table has now.

    A column that was added since the snapshot is null. Columns are matched by field id, so a renamed column keeps its
    values.
    """
    from pyspark.sql import functions as F

    frame = read_at(spark, table_name(table), snapshot_id)
    then, now = schema_at(table, snapshot_id), table.schema()
    if then.schema_id == now.schema_id:
        return frame
    types = spark.table(qualified(table_name(table))).schema
    names = {field.name: then.find_column_name(field.field_id) for field in now.fields}
    found = {name: F.lit(None) if old is None else F.col(old) for name, old in names.items()}
    return frame.select([found[field.name].cast(field.dataType).alias(field.name) for field in types.fields])


def read_added(spark: SparkSession, dataset: str, after: int, through: int) -> DataFrame:
    """Read the rows that appends added after the snapshot `after`, up to and including the snapshot `through`.

    Iceberg's scan silently skips every other kind of snapshot. So the caller must make sure that only appends changed
    rows in between.
    """
    reader = spark.read.format("iceberg").option("start-snapshot-id", after).option("end-snapshot-id", through)
    return reader.load(qualified(dataset))


def within(event_time: SpecColumn, ranges: Ranges) -> Column:
    """Return the condition that a row's event time lies in the ranges. Values are bound, never pasted into SQL.

    The type of the column is that of the spec: asking the frame would make Spark analyse its whole plan once more.
    """
    from pyspark.sql import functions as F

    column, is_date = F.col(event_time.name), event_time.type == "date"
    return _any_of([_inside(column, i.start, i.end, is_date) for i in ranges])


def _any_of(conditions: list[Column]) -> Column:
    """Join conditions by OR as a balanced tree. A chain of a hundred conditions would overflow Spark's stack."""
    from pyspark.sql import functions as F

    if len(conditions) < 2:
        return conditions[0] if conditions else F.lit(False)
    half = len(conditions) // 2
    return _any_of(conditions[:half]) | _any_of(conditions[half:])


def _inside(column: Column, start: datetime, end: datetime, is_date: bool) -> Column:
    from pyspark.sql import functions as F

    condition = F.lit(True)
    if start > BEGINNING:
        condition = condition & (column >= F.lit(start.date() if is_date else start))
    if end < END:
        condition = condition & (column < F.lit(ceil(end, "day").date() if is_date else end))
    return condition
