"""Read what an Iceberg table's manifests record about its files, without reading any row.

The event times of a file come from its column bounds, as one interval.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping, Sequence
from datetime import UTC, datetime, timedelta
from typing import Any

from pyiceberg.conversions import from_bytes
from pyiceberg.manifest import DataFile, DataFileContent, ManifestEntry, ManifestEntryStatus, ManifestFile
from pyiceberg.schema import Schema
from pyiceberg.table import Table
from pyiceberg.table.snapshots import Snapshot
from pyiceberg.types import DateType, IcebergType, PrimitiveType, TimestampType, TimestamptzType

from tidemark.catalog.storage import check_size, reading
from tidemark.errors import InputChanged
from tidemark.state.ranges import MICROSECOND, Interval

EPOCH = datetime(1970, 1, 1, tzinfo=UTC)


def table_name(table: Table) -> str:
    """Return a table's name as `namespace.name`."""
    return ".".join(table.name()[-2:])


def schema_at(table: Table, snapshot_id: int) -> Schema:
    """Return the schema that a table had at a snapshot; the present one if the snapshot does not name it."""
    snapshot = table.snapshot_by_id(snapshot_id)
    if snapshot is None or snapshot.schema_id is None:
        return table.schema()
    return table.schemas()[snapshot.schema_id]


def ancestors(table: Table, head: Snapshot) -> Iterator[Snapshot]:
    """Yield the snapshot, its parent, and so on, as far back as the table's metadata goes."""
    current: Snapshot | None = head
    while current is not None:
        yield current
        parent = current.parent_snapshot_id
        current = table.snapshot_by_id(parent) if parent is not None else None


def manifests_of(table: Table, snapshot: Snapshot) -> list[ManifestFile]:
    """Return the manifests of a snapshot. Raises StorageError if the manifest list cannot be read."""
    with reading(snapshot.manifest_list):
        return snapshot.manifests(table.io)


def entries_of(table: Table, manifest: ManifestFile, discard_deleted: bool = False) -> Iterable[ManifestEntry]:
    """Return the entries of a manifest. Raises StorageError if it cannot be read or is cut short."""
    check_size(table.io, manifest.manifest_path, manifest.manifest_length)
    with reading(manifest.manifest_path):
        return manifest.fetch_manifest_entry(table.io, discard_deleted=discard_deleted)


def live_entries(table: Table, snapshot: Snapshot) -> Iterator[ManifestEntry]:
    """Yield the data files of a snapshot. Delete files are left out, because their bounds are bounds of paths."""
    for manifest in manifests_of(table, snapshot):
        yield from filter(is_data, entries_of(table, manifest, discard_deleted=True))


def is_data(entry: ManifestEntry) -> bool:
    """Return whether the file is a data file and not a delete file."""
    return entry.data_file.content == DataFileContent.DATA


def partition_of(entry: ManifestEntry) -> tuple[int, str]:
    """Return the partition of a file, as a value that can be compared."""
    return entry.data_file.spec_id, repr(entry.data_file.partition)


def added_since(table: Table, head: Snapshot, new: Sequence[Snapshot]) -> Iterator[ManifestEntry]:
    """Yield the data files that the appends `new` added. The head's manifests hold them all, even after a merge."""
    ids = {snapshot.snapshot_id for snapshot in new}
    for manifest in manifests_of(table, head):
        if manifest.added_snapshot_id in ids:
            entries = entries_of(table, manifest, discard_deleted=True)
            yield from (entry for entry in entries if entry.snapshot_id in ids and is_data(entry))


def changed_by(table: Table, snapshots: Sequence[Snapshot]) -> Iterator[ManifestEntry]:
    """Yield the data files that each snapshot added or removed, and those that its delete files may apply to."""
    for snapshot in snapshots:
        entries = list(own_entries(table, snapshot))
        yield from filter(is_data, entries)
        yield from _deleted_from(table, snapshot, [entry for entry in entries if not is_data(entry)])


def own_entries(table: Table, snapshot: Snapshot) -> Iterator[ManifestEntry]:
    """Yield the entries that a snapshot itself added or removed, including delete files."""
    changed = (ManifestEntryStatus.ADDED, ManifestEntryStatus.DELETED)
    for manifest in manifests_of(table, snapshot):
        if manifest.added_snapshot_id == snapshot.snapshot_id:
            entries = entries_of(table, manifest)
            yield from (e for e in entries if e.status in changed and e.snapshot_id == snapshot.snapshot_id)


def _deleted_from(table: Table, snapshot: Snapshot, deletes: Sequence[ManifestEntry]) -> Iterator[ManifestEntry]:
    """Yield the older data files that the delete files may apply to.

    A delete file applies to files of its own partition that were not written after it.
    """
    if not deletes:
        return
    latest = _latest_deletes(deletes)
    latest_global = _latest_deletes([delete for delete in deletes if _is_global(table, delete)]).values()
    for entry in live_entries(table, snapshot):
        through = max([latest.get(partition_of(entry), -1), *latest_global])
        if entry.snapshot_id != snapshot.snapshot_id and (entry.sequence_number or 0) <= through:
            yield entry


def _latest_deletes(deletes: Sequence[ManifestEntry]) -> Mapping[tuple[int, str], int]:
    """Return the highest sequence number of the delete files in each partition."""
    latest: dict[tuple[int, str], int] = {}
    for delete in deletes:
        partition = partition_of(delete)
        latest[partition] = max(latest.get(partition, -1), delete.sequence_number or 0)
    return latest


def _is_global(table: Table, delete: ManifestEntry) -> bool:
    """Return whether a delete file applies to all partitions: it deletes by values and has no partition itself."""
    by_value = delete.data_file.content == DataFileContent.EQUALITY_DELETES
    return by_value and table.specs()[delete.data_file.spec_id].is_unpartitioned()


def file_interval(table: Table, file: DataFile, event_time: str, reader: str | None = None) -> Interval | None:
    """Return the interval of a file's event times, from its column bounds; None for a file without rows.

    Raises InputChanged if a file with rows has no bounds. If `reader` is given, the message says how to rebuild it.
    """
    if file.record_count == 0:
        return None
    field = table.schema().find_field(event_time)
    lower, upper = (bounds.get(field.field_id) for bounds in (file.lower_bounds or {}, file.upper_bounds or {}))
    if lower is None or upper is None:
        rebuild = f": tidemark run {reader} --resync" if reader else ""
        raise InputChanged(
            f"{table_name(table)}: file {file.file_path} has no bounds for {event_time}, so it is unknown which "
            f"event times it changed. Set write.metadata.metrics.column.{event_time}=full, rewrite the file "
            f"(rewrite_data_files with rewrite-all), then rebuild the datasets that read it{rebuild}"
        )
    low, high = (_decode(field.field_type, bound) for bound in (lower, upper))
    step = timedelta(days=1) if isinstance(field.field_type, DateType) else MICROSECOND
    return Interval(EPOCH + low * step, EPOCH + (high + 1) * step)


def file_bounds(table: Table, file: DataFile) -> dict[str, tuple[Any, Any] | None]:
    """Return the lowest and the highest value of each column of a file, from the file's metrics.

    A column that holds only nulls maps to None. A column without metrics is left out. If the two bounds of a text
    column are equal, they are its only value; if they differ, they may be truncated.
    """
    lower, upper, nulls = file.lower_bounds or {}, file.upper_bounds or {}, file.null_value_counts or {}
    found: dict[str, tuple[Any, Any] | None] = {}
    for field in table.schema().fields:
        kind, low, high = field.field_type, lower.get(field.field_id), upper.get(field.field_id)
        if isinstance(kind, PrimitiveType) and low is not None and high is not None:
            found[field.name] = from_bytes(kind, low), from_bytes(kind, high)
        elif nulls.get(field.field_id) == file.record_count:
            found[field.name] = None
    return found


def _decode(field_type: IcebergType, bound: bytes) -> int:
    """Return a bound in days (date) or microseconds (timestamp) since 1970."""
    if not isinstance(field_type, (DateType, TimestampType, TimestamptzType)):
        raise InputChanged(f"a column of type {field_type} cannot be an event time; use date or timestamp")
    value: Any = from_bytes(field_type, bound)
    return int(value)
