"""What changed in an input since a position, read from Iceberg metadata alone.

Snapshots are ordered by ancestry, never by commit time. Event times come from the column bounds of the changed
files, one interval per file, so no data is read. A snapshot of a dataset with a `known_time` may say more exactly where
it differs along that column (`state/known_changes.py`).
"""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import replace
from datetime import datetime
from itertools import chain

from pyiceberg.manifest import DataFile, ManifestEntry, ManifestEntryStatus
from pyiceberg.table import Table
from pyiceberg.table.snapshots import Operation, Snapshot

from tidemark.catalog.manifests import added_since, changed_by, file_interval, live_entries, table_name
from tidemark.catalog.properties import KNOWN_CHANGES, property_of
from tidemark.errors import InputChanged
from tidemark.lineage.ancestry import unseen_commits
from tidemark.lineage.history import keeps_content
from tidemark.lineage.retention import Keep, dropped_by_retention
from tidemark.state.changes import ChangedFile, Changes
from tidemark.state.known_changes import KnownChanges
from tidemark.state.ranges import MICROSECOND, Interval, Ranges, union


def changes_since(
    table: Table,
    position: int | None,
    event_time: str | None,
    reader: str,
    keep: Keep | None = None,
    head: Snapshot | None = None,
) -> Changes:
    """Return what changed on the table's main after `position`; if `position` is None, everything that main holds.

    `head` is the last snapshot that counts, by default main's.
    If `event_time` is None (a table without event time), the changes hold no files, only the number of rows. If whole
    partitions older than `keep` were removed, that is retention and not a change.

    Raises PositionLost if the position is not in main's history, InputChanged for a commit or file that the loop
    cannot follow. Both messages say how to rebuild the dataset `reader`.
    """
    head = head or table.current_snapshot()
    if head is None:
        name = table_name(table)
        raise InputChanged(f"{name}: the table has no snapshot. Create the table from its spec: tidemark run {name}")
    if position is None:
        return _first_read(table, head, event_time, reader)
    new = unseen_commits(table, head, position, reader)
    dropped = dropped_by_retention(table, new, keep)
    appended = [s for s in new if _kind(table, s) == "append"]
    removing = [s for s in new if _kind(table, s) == "rewrite"]
    rewritten = [s for s in removing if s.snapshot_id not in dropped or not dropped[s.snapshot_id].alone]
    changed = [*appended, *rewritten]
    kept = len(new) - len(appended) - len(removing)
    counts = Changes(position, head.snapshot_id, len(appended), len(rewritten), kept, ())
    known = {s.snapshot_id: found for s in rewritten if (found := _known_changes(s, event_time)) is not None}
    changed = [snapshot for snapshot in changed if snapshot.snapshot_id not in known]
    if event_time is None:
        return replace(counts, timeless_rows=sum(e.data_file.record_count for e in changed_by(table, changed)))
    only_appends = len(appended) == len(new)
    entries = added_since(table, head, changed) if only_appends else changed_by(table, changed)
    changes = (entry for entry in entries if not any(d.is_removal(entry) for d in dropped.values()))
    return replace(
        counts,
        files=tuple(sorted((*_changed_files(table, changes, event_time, reader), *chain(*known.values())), key=_order)),
        dropped=len(removing) - len(rewritten),
        dropped_through=max((d.through for d in dropped.values()), default=None),
    )


def changed_files(table: Table, changes: Changes, reader: str) -> tuple[DataFile, ...]:
    """Return the data files that the new snapshots added or removed, and those whose rows they deleted.

    `changes` must not be those of a first read.
    """
    head = table.snapshot_by_id(changes.to_snapshot)
    assert head is not None and changes.from_snapshot is not None, "a first read has no range of snapshots"
    new = unseen_commits(table, head, changes.from_snapshot, reader)
    changed = [snapshot for snapshot in new if not keeps_content(snapshot)]
    return tuple(entry.data_file for entry in changed_by(table, changed))


def row_times(table: Table, snapshot_id: int, event_time: str, reader: str) -> Ranges:
    """Return the event times of a snapshot's rows, one interval per file, merged; empty if the snapshot has expired.

    Raises InputChanged for a file without bounds; the message says how to rebuild the dataset `reader`.
    """
    snapshot = table.snapshot_by_id(snapshot_id)
    if snapshot is None:
        return ()
    return union(file.span for file in _changed_files(table, live_entries(table, snapshot), event_time, reader))


def latest_added_time(table: Table, snapshot_id: int, event_time: str) -> datetime | None:
    """Return the latest event time of the rows that a snapshot added; None if it added none or has expired."""
    snapshot = table.snapshot_by_id(snapshot_id)
    if snapshot is None:
        return None
    entries = (e for e in changed_by(table, [snapshot]) if e.status is ManifestEntryStatus.ADDED)
    return max((f.span.end - MICROSECOND for f in _changed_files(table, entries, event_time)), default=None)


def _kind(table: Table, snapshot: Snapshot) -> str:
    """Return `append`, `rewrite` or `keep`. Raises InputChanged for an operation that the loop does not know."""
    if keeps_content(snapshot):
        return "keep"
    operation = snapshot.summary.operation if snapshot.summary is not None else None
    if operation is Operation.APPEND:
        return "append"
    if operation in (Operation.OVERWRITE, Operation.DELETE):
        return "rewrite"
    raise InputChanged(
        f"{table_name(table)}: snapshot {snapshot.snapshot_id} has the operation {operation}, which the loop cannot "
        f"follow. Find out what made it, then rebuild the readers"
    )


def _known_changes(snapshot: Snapshot, event_time: str | None) -> tuple[ChangedFile, ...] | None:
    """Return where the snapshot says that it differs from its parent along `event_time`; None if it says nothing."""
    found = KnownChanges.from_json(property_of(snapshot, KNOWN_CHANGES) or "")
    holds = found is not None and found.column == event_time and found.parent == snapshot.parent_snapshot_id
    return found.changed if found is not None and holds else None


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
    return tuple(sorted(found, key=_order))


def _order(file: ChangedFile) -> tuple[Interval, int]:
    return file.span, file.rows
