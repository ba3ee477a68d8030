"""What changed in an input since a position, read from Iceberg metadata alone.

Snapshots are ordered by ancestry, never by commit time. Event times come from the column bounds of the
changed files, one interval a file, so no data is read.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from typing import Any

from pyiceberg.conversions import from_bytes
from pyiceberg.manifest import DataFile, ManifestEntry, ManifestEntryStatus
from pyiceberg.table import Table
from pyiceberg.table.snapshots import Operation, Snapshot
from pyiceberg.types import DateType, IcebergType, TimestampType, TimestamptzType

from tidemark.errors import InputChanged, PositionLost
from tidemark.lake.properties import CONTENT, CREATED, KEPT
from tidemark.ranges import Interval, Ranges, format_instant, union

EPOCH = datetime(1970, 1, 1, tzinfo=UTC)
MICROSECOND = timedelta(microseconds=1)


@dataclass(frozen=True)
class ChangedFile:
    """Rows that were added or removed by one file: their event times, and how many they are."""

    span: Interval
    rows: int


@dataclass(frozen=True)
class Changes:
    """What happened between two snapshots of an input (from exclusive, to inclusive).

    `timeless_rows` counts the changed rows of an input without event time, whose place in time is unknown.
    """

    from_snapshot: int | None
    to_snapshot: int
    appended: int
    rewritten: int
    kept: int
    files: tuple[ChangedFile, ...]
    timeless_rows: int = 0

    @property
    def append_only(self) -> bool:
        """Whether nothing but added rows lies in the range."""
        return self.rewritten == 0

    @property
    def touched(self) -> Ranges:
        """The event times of all rows that were added or removed."""
        return union(file.span for file in self.files)

    @property
    def rows(self) -> int:
        """How many rows the changed files hold, added and removed ones together."""
        return sum(file.rows for file in self.files)

    def describe(self) -> str:
        """One line for people."""
        if self.from_snapshot is None:
            head = f"first read, snapshot {self.to_snapshot}"
        else:
            count = self.appended + self.rewritten + self.kept
            kinds = [f"{n} {word}" for n, word in self._kinds() if n]
            head = f"{count} snapshots" + (f" ({', '.join(kinds)})" if kinds else "")
        if self.timeless_rows:
            return f"{head}; {self.timeless_rows} rows"
        if not self.files:
            return f"{head}; no rows"
        span = Interval(min(f.span.start for f in self.files), max(f.span.end for f in self.files))
        return f"{head}; {self.rows} rows from {format_instant(span.start)} to {format_instant(span.end)}"

    def _kinds(self) -> tuple[tuple[int, str], ...]:
        return ((self.appended, "appended"), (self.rewritten, "rewritten"), (self.kept, "content kept"))


def changes_since(table: Table, position: int | None, event_time: str | None) -> Changes:
    """What the table's main holds that a reader at `position` has not seen; everything for None.

    `event_time` None (a table without one) gives no files' spans. Raises PositionLost where the position is
    not in main's history, InputChanged for a commit or file that the loop cannot follow.
    """
    head = table.current_snapshot()
    if head is None:
        raise InputChanged(f"{table_name(table)}: the table has no snapshot; create it by its spec: tidemark doctor")
    if position is None:
        return _first_read(table, head, event_time)
    new = _walk(table, head, position)
    appended = [s for s in new if _kind(table, s) == "append"]
    rewritten = [s for s in new if _kind(table, s) == "rewrite"]
    changed = [*appended, *rewritten]
    kept = len(new) - len(changed)
    if event_time is None:
        rows = sum(entry.data_file.record_count for entry in _changed_by(table, changed))
        return Changes(position, head.snapshot_id, len(appended), len(rewritten), kept, (), rows)
    shortcut = not kept and not rewritten
    entries = _added_since(table, head, changed) if shortcut else _changed_by(table, changed)
    files = _changed_files(table, entries, event_time)
    return Changes(position, head.snapshot_id, len(appended), len(rewritten), kept, files)


def table_name(table: Table) -> str:
    """`namespace.name` of a table."""
    return ".".join(table.name()[-2:])


def least_event_time(table: Table, snapshot_id: int, event_time: str) -> datetime | None:
    """The earliest event time in a snapshot, None when it holds no rows."""
    snapshot = table.snapshot_by_id(snapshot_id)
    if snapshot is None:
        return None
    files = _changed_files(table, _live_entries(table, snapshot), event_time)
    return min((f.span.start for f in files), default=None)


def latest_added_time(table: Table, snapshot_id: int, event_time: str) -> datetime | None:
    """The latest event time among the rows that a snapshot added, None when it added none."""
    snapshot = table.snapshot_by_id(snapshot_id)
    if snapshot is None:
        return None
    entries = (e for e in _changed_by(table, [snapshot]) if e.status is ManifestEntryStatus.ADDED)
    return max((f.span.end - MICROSECOND for f in _changed_files(table, entries, event_time)), default=None)


def file_span(table: Table, file: DataFile, event_time: str) -> Interval | None:
    """The event times of a file from its column bounds; None for a file without rows.

    Raises InputChanged where a file with rows has no bounds.
    """
    if file.record_count == 0:
        return None
    field = table.schema().find_field(event_time)
    lower, upper = (bounds.get(field.field_id) for bounds in (file.lower_bounds or {}, file.upper_bounds or {}))
    if lower is None or upper is None:
        raise InputChanged(
            f"{table_name(table)}: file {file.file_path} has no bounds for {event_time}, so what it changed is "
            f"unknown; set write.metadata.metrics.column.{event_time}=full and rewrite the file (rewrite_data_files)"
        )
    low, high = (_decode(field.field_type, bound) for bound in (lower, upper))
    step = timedelta(days=1) if isinstance(field.field_type, DateType) else MICROSECOND
    return Interval(EPOCH + low * step, EPOCH + (high + 1) * step)


def _decode(of_type: IcebergType, bound: bytes) -> int:
    """A bound as days (date) or microseconds (timestamp) since 1970."""
    if not isinstance(of_type, (DateType, TimestampType, TimestamptzType)):
        raise InputChanged(f"an event time of type {of_type} has no place in time; use date or timestamp")
    value: Any = from_bytes(of_type, bound)
    return int(value)


def ancestors(table: Table, head: Snapshot) -> Iterator[Snapshot]:
    """The snapshot, its parent, and so on, as far as metadata goes back."""
    current: Snapshot | None = head
    while current is not None:
        yield current
        parent = current.parent_snapshot_id
        current = table.snapshot_by_id(parent) if parent is not None else None


def _walk(table: Table, head: Snapshot, position: int) -> list[Snapshot]:
    new: list[Snapshot] = []
    for snapshot in ancestors(table, head):
        if snapshot.snapshot_id == position:
            return new
        new.append(snapshot)
    known = table.snapshot_by_id(position) is not None
    what = "exists but is no longer in main's history: the input was rolled back" if known else "has expired"
    raise PositionLost(
        f"{table_name(table)}: snapshot {position}, which the watermark names, {what}; "
        f"what changed since is unknown, and nothing was read. Rebuild the reader from what the input holds now: "
        f"tidemark run DATASET --resync"
    )


def _kind(table: Table, snapshot: Snapshot) -> str:
    """append, rewrite or keep. Raises InputChanged for an operation that the loop does not know."""
    summary = snapshot.summary
    if summary is not None and summary.additional_properties.get(CONTENT) in (KEPT, CREATED):
        return "keep"
    operation = summary.operation if summary is not None else None
    if operation is Operation.APPEND:
        return "append"
    if operation in (Operation.OVERWRITE, Operation.DELETE):
        return "rewrite"
    if operation is Operation.REPLACE:
        return "keep"
    raise InputChanged(
        f"{table_name(table)}: snapshot {snapshot.snapshot_id} says operation {operation}, which the loop does not "
        f"follow; see what made it, then rebuild the readers"
    )


def _first_read(table: Table, head: Snapshot, event_time: str | None) -> Changes:
    files = () if event_time is None else _changed_files(table, _live_entries(table, head), event_time)
    return Changes(None, head.snapshot_id, 0, 0, 0, files)


def _live_entries(table: Table, snapshot: Snapshot) -> Iterator[ManifestEntry]:
    for manifest in snapshot.manifests(table.io):
        yield from manifest.fetch_manifest_entry(table.io, discard_deleted=True)


def _added_since(table: Table, head: Snapshot, new: Sequence[Snapshot]) -> Iterator[ManifestEntry]:
    """Files added by appends: the head's manifests hold them all, also where manifests were merged."""
    ids = {snapshot.snapshot_id for snapshot in new}
    for manifest in head.manifests(table.io):
        if manifest.added_snapshot_id in ids:
            entries = manifest.fetch_manifest_entry(table.io, discard_deleted=True)
            yield from (entry for entry in entries if entry.snapshot_id in ids)


def _changed_by(table: Table, snapshots: Sequence[Snapshot]) -> Iterator[ManifestEntry]:
    """Files that each snapshot added or removed."""
    changed = (ManifestEntryStatus.ADDED, ManifestEntryStatus.DELETED)
    for snapshot in snapshots:
        for manifest in snapshot.manifests(table.io):
            if manifest.added_snapshot_id != snapshot.snapshot_id:
                continue
            entries = manifest.fetch_manifest_entry(table.io, discard_deleted=False)
            yield from (e for e in entries if e.status in changed and e.snapshot_id == snapshot.snapshot_id)


def _changed_files(table: Table, entries: Iterable[ManifestEntry], event_time: str) -> tuple[ChangedFile, ...]:
    found = []
    for entry in entries:
        span = file_span(table, entry.data_file, event_time)
        if span is not None:
            found.append(ChangedFile(span, entry.data_file.record_count))
    return tuple(sorted(found, key=lambda file: (file.span, file.rows)))
