"""Fold small files and manifests into larger ones, and remove files that belong to no snapshot."""

from __future__ import annotations

from collections import Counter
from datetime import UTC, datetime, timedelta

from pyiceberg.table import Table

from tidemark.catalog.storage import files_of
from tidemark.operate.maintenance.procedures import call
from tidemark.steps.context import Context

SMALL_FILES = 5
"""If one partition has this many small files, they are rewritten. This is Iceberg's own threshold."""

FILE_BYTES = 512 * 1024 * 1024
"""The size in bytes that a rewrite aims at. This is Iceberg's default."""

SMALL = 0.75
"""A file below this fraction of the target size is small. This is Iceberg's own threshold."""

MANIFESTS = 50
"""The number of manifests that planning a session still reads quickly."""

ORPHANS_AFTER = timedelta(days=3)
"""Longer than any session runs. A younger file may belong to a commit that is still to come."""


def fold_files(context: Context, dataset: str, target_bytes: int = FILE_BYTES) -> int | None:
    """Rewrite the small files of each partition into larger ones.

    Returns the number of files that were rewritten; None if a session committed first.
    """
    if not _has_many_small_files(context.lake.table(dataset), target_bytes * SMALL):
        return 0
    done = call(context, "rewrite_data_files", dataset, options={"target-file-size-bytes": target_bytes})
    return None if done is None else int(done[0]["rewritten_data_files_count"])


def _has_many_small_files(table: Table, small: float) -> bool:
    """Return whether a partition of main holds SMALL_FILES or more files of less than `small` bytes."""
    head = table.current_snapshot()
    files = files_of(table, head.snapshot_id) if head is not None else ()
    counts = Counter((f.spec_id, repr(f.partition)) for f in files if f.file_size_in_bytes < small)
    return max(counts.values(), default=0) >= SMALL_FILES


def fold_manifests(context: Context, dataset: str) -> int | None:
    """Rewrite main's manifests if there are more than MANIFESTS.

    Returns the number of manifests that were rewritten; None if a session committed first.
    """
    table = context.lake.table(dataset)
    head = table.current_snapshot()
    if head is None or len(head.manifests(table.io)) <= MANIFESTS:
        return 0
    done = call(context, "rewrite_manifests", dataset)
    return None if done is None else int(done[0]["rewritten_manifests_count"])


def remove_orphans(context: Context, dataset: str) -> int | None:
    """Remove files below the table's folder that belong to no snapshot of any branch or tag.

    Returns the number of removed files; None if a session committed first. Files younger than ORPHANS_AFTER are
    kept. Files carry the machine's own time, so their age is measured by the machine's clock if the given clock is
    ahead of it.
    """
    until = min(context.clock, datetime.now(UTC)) - ORPHANS_AFTER
    removed = call(context, "remove_orphan_files", dataset, older_than=until)
    return None if removed is None else len(removed)
