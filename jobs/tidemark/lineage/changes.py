"""What changed in an input since a position, read from Iceberg metadata alone.

Snapshots are ordered by ancestry, never by commit time. Event times come from the column bounds of the
changed files, one interval a file, so no data is read.
"""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import replace
from datetime import datetime

from pyiceberg.manifest import DataFile, ManifestEntry, ManifestEntryStatus
from pyiceberg.table import Table
from pyiceberg.table.snapshots import Operation, Snapshot

from tidemark.catalog.manifests import added_since, changed_by, file_interval, live_entries, table_name
from tidemark.errors import InputChanged
from tidemark.lineage.ancestry import unseen
from tidemark.lineage.history import keeps_content
from tidemark.lineage.retention import Keep, dropped_on
from tidemark.state.changes import ChangedFile, Changes
from tidemark.state.ranges import MICROSECOND, Ranges, union


def changes_since(
    table: Table, position: int | None, event_time: str | None, reader: str, keep: Keep | None = None
) -> Changes:
    """What the table's main holds that a reader at `position` has not seen; everything for None.

    `event_time` None (a table without one) gives no files' spans. Whole partitions that are older than `keep`
    and vanish are retention and no change. Raises PositionLost where the position is not in main's history,
    InputChanged for a commit or file that the loop cannot follow; both say what helps the `reader`.
    """
    head = table.current_snapshot()
    if head is None:
        raise InputChanged(f"{table_name(table)}: the table has no snapshot; create it by its spec: tidemark doctor")
    if position is None:
        return _first_read(table, head, event_time, reader)
    new = unseen(table, head, position, reader)
    dropped = dropped_on(table, new, keep)
    appended = [s for s in new if _kind(table, s) == "append"]
    removing = [s for s in new if _kind(table, s) == "rewrite"]
    rewritten = [s for s in removing if s.snapshot_id not in dropped or not dropped[s.snapshot_id].alone]
    changed = [*appended, *rewritten]
    kept = len(new) - len(appended) - len(removing)
    counts = Changes(position, head.snapshot_id, len(appended), len(rewritten), kept, ())
    if event_time is None:
        return replace(counts, timeless_rows=sum(e.data_file.record_count for e in changed_by(table, changed)))
    shortcut = len(appended) == len(new)
    entries = added_since(table, head, changed) if shortcut else changed_by(table, changed)
    news = (entry for entry in entries if not any(d.holds(entry) for d in dropped.values()))
    return replace(
        counts,
        files=_changed_files(table, news, event_time, reader),
        dropped=len(removing) - len(rewritten),
        dropped_through=max((d.through for d in dropped.values()), default=None),
    )


def changed_files(table: Table, changes: Changes, reader: str) -> tuple[DataFile, ...]:
    """The data files that the snapshots of a range added or removed, and those that they took rows out of."""
    head = table.snapshot_by_id(changes.to_snapshot)
    assert head is not None and changes.from_snapshot is not None, "a first read has no range of snapshots"
    new = unseen(table, head, changes.from_snapshot, reader)
    changed = [snapshot for snapshot in new if not keeps_content(snapshot)]
    return tuple(entry.data_file for entry in changed_by(table, changed))


def row_spans(table: Table, snapshot_id: int, event_time: str, reader: str) -> Ranges:
    """The event times between which the rows of a snapshot lie, one interval a file, merged.

    Raises InputChanged for a file without bounds; the message says what helps the `reader`.
    """
    snapshot = table.snapshot_by_id(snapshot_id)
    if snapshot is None:
        return ()
    return union(file.span for file in _changed_files(table, live_entries(table, snapshot), event_time, reader))


def latest_added_time(table: Table, snapshot_id: int, event_time: str) -> datetime | None:
    """The latest event time among the rows that a snapshot added, None when it added none."""
    snapshot = table.snapshot_by_id(snapshot_id)
    if snapshot is None:
        return None
    entries = (e for e in changed_by(table, [snapshot]) if e.status is ManifestEntryStatus.ADDED)
    return max((f.span.end - MICROSECOND for f in _changed_files(table, entries, event_time)), default=None)


def _kind(table: Table, snapshot: Snapshot) -> str:
    """append, rewrite or keep. Raises InputChanged for an operation that the loop does not know."""
    if keeps_content(snapshot):
        return "keep"
    operation = snapshot.summary.operation if snapshot.summary is not None else None
    if operation is Operation.APPEND:
        return "append"
    if operation in (Operation.OVERWRITE, Operation.DELETE):
        return "rewrite"
    raise InputChanged(
        f"{table_name(table)}: snapshot {snapshot.snapshot_id} says operation {operation}, which the loop does not "
        f"follow; see what made it, then rebuild the readers"
    )


def _first_read(table: Table, head: Snapshot, event_time: str | None, reader: str) -> Changes:
    files = () if event_time is None else _changed_files(table, live_entries(table, head), event_time, reader)
    return Changes(None, head.snapshot_id, 0, 0, 0, files)


def _changed_files(
    table: Table, entries: Iterable[ManifestEntry], event_time: str, reader: str | None = None
) -> tuple[ChangedFile, ...]:
    found = []
    for entry in entries:
        span = file_interval(table, entry.data_file, event_time, reader)
        if span is not None:
            found.append(ChangedFile(span, entry.data_file.record_count))
    return tuple(sorted(found, key=lambda file: (file.span, file.rows)))
