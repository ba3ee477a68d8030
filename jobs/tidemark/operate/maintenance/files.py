"""Few files instead of many, and none that belongs to no snapshot."""

from __future__ import annotations

from collections import Counter
from datetime import UTC, datetime, timedelta

from pyiceberg.table import Table

from tidemark.catalog.storage import files_of
from tidemark.operate.maintenance.procedures import call
from tidemark.steps.context import Context

SMALL_FILES = 5
"""So many small files in one partition are worth a rewrite; Iceberg's own threshold."""

FILE_BYTES = 512 * 1024 * 1024
"""The size that a rewrite aims at; Iceberg's default."""

SMALL = 0.75
"""A file below this part of that size is small; Iceberg's own threshold."""

MANIFESTS = 50
"""Manifests that a plan still reads quickly."""

ORPHANS_AFTER = timedelta(days=3)
"""Longer than any session runs: a younger file may be of a commit that is still to come."""


def fold_files(context: Context, dataset: str, target_bytes: int = FILE_BYTES) -> int | None:
    """Fold the small files of each partition; how many there were, None where a session was there first."""
    if not _has_many_small(context.lake.table(dataset), target_bytes * SMALL):
        return 0
    done = call(context, "rewrite_data_files", dataset, options={"target-file-size-bytes": target_bytes})
    return None if done is None else int(done[0]["rewritten_data_files_count"])


def _has_many_small(table: Table, small: float) -> bool:
    head = table.current_snapshot()
    files = files_of(table, head.snapshot_id) if head is not None else ()
    counts = Counter((f.spec_id, repr(f.partition)) for f in files if f.file_size_in_bytes < small)
    return max(counts.values(), default=0) >= SMALL_FILES


def fold_manifests(context: Context, dataset: str) -> int | None:
    """Fold the manifests of main where they are many."""
    table = context.lake.table(dataset)
    head = table.current_snapshot()
    if head is None or len(head.manifests(table.io)) <= MANIFESTS:
        return 0
    done = call(context, "rewrite_manifests", dataset)
    return None if done is None else int(done[0]["rewritten_manifests_count"])


def remove_orphans(context: Context, dataset: str) -> int | None:
    """Remove files below the table's folder that no snapshot of any branch or tag names.

    What is young is left alone, whatever clock was handed in: files have the machine's own time.
    """
    until = min(context.clock, datetime.now(UTC)) - ORPHANS_AFTER
    removed = call(context, "remove_orphan_files", dataset, older_than=until)
    return None if removed is None else len(removed)
