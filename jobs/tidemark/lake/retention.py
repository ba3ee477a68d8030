"""Telling retention from a change: whole partitions older than an input keeps, and nothing but their removal."""

from __future__ import annotations

from datetime import datetime

from pyiceberg.manifest import ManifestEntryStatus
from pyiceberg.table import Table
from pyiceberg.table.snapshots import Snapshot

from tidemark.lake.manifests import changed_by, file_span, live_entries, partition_of


def dropped_through(
    table: Table, head: Snapshot, removing: Snapshot, event_time: str | None, keep_from: datetime | None
) -> datetime | None:
    """Up to when a commit took out what the input keeps no longer; None where it is a change.

    Retention only removes files, each whole before `keep_from`, and leaves no file in their partitions.
    """
    if event_time is None or keep_from is None:
        return None
    entries = list(changed_by(table, [removing]))
    if not entries or any(entry.status is not ManifestEntryStatus.DELETED for entry in entries):
        return None
    spans = [span for entry in entries if (span := file_span(table, entry.data_file, event_time))]
    last = max((span.end for span in spans), default=None)
    if last is None or last > keep_from:
        return None
    emptied = {partition_of(entry) for entry in entries}
    if any(partition_of(entry) in emptied for entry in live_entries(table, head)):
        return None
    return last
