"""The Iceberg properties that each table of the loop is created with, and why."""

from __future__ import annotations

from tidemark.spec.column_types import Primitive, is_nested, parse_type
from tidemark.spec.model import Column, DatasetSpec

INFERRED_COLUMNS = 100
"""Columns for which Spark writes bounds by itself."""

KEPT_METADATA_FILES = 20
"""Older metadata files that a reader may still hold; each commit beyond removes the oldest."""

_FIXED = {
    "format-version": "2",
    # Incremental scans and the changelog know whole data files, not delete files.
    "write.delete.mode": "copy-on-write",
    "write.update.mode": "copy-on-write",
    "write.merge.mode": "copy-on-write",
    # The changed partitions stand in a snapshot's summary: what changed is known without reading a manifest.
    "write.summary.partition-limit": "100",
    "write.parquet.compression-codec": "zstd",
    "write.metadata.metrics.default": "truncate(16)",
    "write.metadata.delete-after-commit.enabled": "true",
    "write.metadata.previous-versions-max": str(KEPT_METADATA_FILES),
    "commit.manifest-merge.enabled": "true",
    # Sessions of one table write to branches of their own, yet each commit to it refuses the others of its instant.
    "commit.retry.num-retries": "20",
    "commit.retry.max-wait-ms": "2000",
}


def to_table_properties(spec: DatasetSpec) -> dict[str, str]:
    """Properties for the table's creation."""
    return {**_FIXED, **to_write_layout(spec), **_metrics(spec)}


def to_write_layout(spec: DatasetSpec) -> dict[str, str]:
    """How Spark brings rows to files.

    Each row goes to the task of its partition, so that a partition gets one file and not one per task. Each task
    sorts its rows by partition and has one file open at a time: an open Parquet file holds megabytes, and a session
    may write a year of partitions.
    """
    distribution = "hash" if spec.partition_by else "none"
    return {"write.distribution-mode": distribution, "write.spark.fanout.enabled": "false"}


def _metrics(spec: DatasetSpec) -> dict[str, str]:
    """The event time's bounds are what changes are found by, so they are exact; wide tables lose none."""
    beyond = list(spec.columns.values())[INFERRED_COLUMNS:]
    modes = {column.name: mode for column in beyond if (mode := _mode(column)) is not None}
    if spec.event_time is not None:
        modes[spec.event_time] = "full"
    return {f"write.metadata.metrics.column.{name}": mode for name, mode in modes.items()}


def _mode(column: Column) -> str | None:
    kind = parse_type(column.type)
    if is_nested(kind):
        return None
    return "truncate(16)" if kind in (Primitive("string"), Primitive("binary")) else "full"
