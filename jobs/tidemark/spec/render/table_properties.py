"""The Iceberg properties with which each table of the loop is created, and the reasons for them."""

from __future__ import annotations

from tidemark.spec.column_types import Primitive, is_nested, parse_type
from tidemark.spec.model import Column, DatasetSpec

INFERRED_COLUMNS = 100
"""The number of columns, from the first, for which Iceberg writes bounds by default."""

KEPT_METADATA_FILES = 20
"""The number of older metadata files that stay for readers. Each further commit removes the oldest."""

_FIXED = {
    "format-version": "2",
    # Incremental scans and the changelog work on whole data files, not on delete files.
    "write.delete.mode": "copy-on-write",
    "write.update.mode": "copy-on-write",
    "write.merge.mode": "copy-on-write",
    # A snapshot's summary lists its changed partitions, so that changes are known without reading a manifest.
    "write.summary.partition-limit": "100",
    "write.parquet.compression-codec": "zstd",
    "write.metadata.metrics.default": "truncate(16)",
    "write.metadata.delete-after-commit.enabled": "true",
    "write.metadata.previous-versions-max": str(KEPT_METADATA_FILES),
    "commit.manifest-merge.enabled": "true",
    # Sessions of one table write to different branches, but commits to the same table at the same time conflict.
    "commit.retry.num-retries": "20",
    "commit.retry.max-wait-ms": "2000",
}


def to_table_properties(spec: DatasetSpec) -> dict[str, str]:
    """Return the properties for creating the table of a spec."""
    return {**_FIXED, **to_write_layout(spec), **_metrics(spec)}


def to_write_layout(spec: DatasetSpec) -> dict[str, str]:
    """Return the properties that decide how Spark distributes rows to files.

    All rows of a partition go to one task, so that the partition gets one file instead of one for each task. A task
    sorts its rows by partition and has one file open at a time, because an open Parquet file takes megabytes of memory
    and a session may write a year of partitions.
    """
    distribution = "hash" if spec.partition_by else "none"
    return {"write.distribution-mode": distribution, "write.spark.fanout.enabled": "false"}


def _metrics(spec: DatasetSpec) -> dict[str, str]:
    """Return the metrics properties of columns.

    The event time and the known time get exact bounds, because readers find changes by them. Columns beyond
    INFERRED_COLUMNS get bounds explicitly.
    """
    beyond = list(spec.columns.values())[INFERRED_COLUMNS:]
    modes = {column.name: mode for column in beyond if (mode := _mode(column)) is not None}
    modes |= {name: "full" for name in (spec.event_time, spec.known_time) if name is not None}
    return {f"write.metadata.metrics.column.{name}": mode for name, mode in modes.items()}


def _mode(column: Column) -> str | None:
    kind = parse_type(column.type)
    if is_nested(kind):
        return None
    return "truncate(16)" if kind in (Primitive("string"), Primitive("binary")) else "full"
