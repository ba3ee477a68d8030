"""What the manifests of an Iceberg table say of its files, read without reading a row.

Event times come from the column bounds of the files, one interval a file.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping, Sequence
from datetime import UTC, datetime, timedelta
from typing import Any

from pyiceberg.conversions import from_bytes
from pyiceberg.manifest import DataFile, DataFileContent, ManifestEntry, ManifestEntryStatus, ManifestFile
from pyiceberg.table import Table
from pyiceberg.table.snapshots import Snapshot
from pyiceberg.types import DateType, IcebergType, PrimitiveType, TimestampType, TimestamptzType

from tidemark.catalog.storage import check_size, reading
from tidemark.errors import InputChanged
from tidemark.state.ranges import MICROSECOND, Interval

EPOCH = datetime(1970, 1, 1, tzinfo=UTC)


def table_name(table: Table) -> str:
    """`namespace.name` of a table."""
    return ".".join(table.name()[-2:])


def ancestors(table: Table, head: Snapshot) -> Iterator[Snapshot]:
    """The snapshot, its parent, and so on, as far as metadata goes back."""
    current: Snapshot | None = head
    while current is not None:
        yield current
        parent = current.parent_snapshot_id
        current = table.snapshot_by_id(parent) if parent is not None else None


def manifests_of(table: Table, snapshot: Snapshot) -> list[ManifestFile]:
    """The manifests of a snapshot. Raises StorageError for a list that cannot be read."""
    with reading(snapshot.manifest_list):
        return snapshot.manifests(table.io)


def entries_of(table: Table, manifest: ManifestFile, discard_deleted: bool = False) -> Iterable[ManifestEntry]:
    """The entries of a manifest. Raises StorageError for one that cannot be read, or not to its end."""
    check_size(table.io, manifest.manifest_path, manifest.manifest_length)
    with reading(manifest.manifest_path):
        return manifest.fetch_manifest_entry(table.io, discard_deleted=discard_deleted)


def live_entries(table: Table, snapshot: Snapshot) -> Iterator[ManifestEntry]:
    """The data files that a snapshot holds. Delete files are none: their bounds are those of paths."""
    for manifest in manifests_of(table, snapshot):
        yield from filter(is_data, entries_of(table, manifest, discard_deleted=True))


def is_data(entry: ManifestEntry) -> bool:
    """Whether a file holds rows, and not what takes rows of other files away."""
    return entry.data_file.content == DataFileContent.DATA


def partition_of(entry: ManifestEntry) -> tuple[int, str]:
    """The partition in which a file lies, to compare."""
    return entry.data_file.spec_id, repr(entry.data_file.partition)


def added_since(table: Table, head: Snapshot, new: Sequence[Snapshot]) -> Iterator[ManifestEntry]:
    """Files added by appends: the head's manifests hold them all, also where manifests were merged."""
    ids = {snapshot.snapshot_id for snapshot in new}
    for manifest in manifests_of(table, head):
        if manifest.added_snapshot_id in ids:
            entries = entries_of(table, manifest, discard_deleted=True)
            yield from (entry for entry in entries if entry.snapshot_id in ids and is_data(entry))


def changed_by(table: Table, snapshots: Sequence[Snapshot]) -> Iterator[ManifestEntry]:
    """Data files that each snapshot added or removed, and those that its delete files may take rows of."""
    for snapshot in snapshots:
        entries = list(own_entries(table, snapshot))
        yield from filter(is_data, entries)
        yield from _deleted_from(table, snapshot, [entry for entry in entries if not is_data(entry)])


def own_entries(table: Table, snapshot: Snapshot) -> Iterator[ManifestEntry]:
    """What a snapshot itself added and removed, delete files included."""
    changed = (ManifestEntryStatus.ADDED, ManifestEntryStatus.DELETED)
    for manifest in manifests_of(table, snapshot):
        if manifest.added_snapshot_id == snapshot.snapshot_id:
            entries = entries_of(table, manifest)
            yield from (e for e in entries if e.status in changed and e.snapshot_id == snapshot.snapshot_id)


def _deleted_from(table: Table, snapshot: Snapshot, deletes: Sequence[ManifestEntry]) -> Iterator[ManifestEntry]:
    """Older data files that the delete files may apply to: of their partition, and not written after them."""
    if not deletes:
        return
    reach = _reach(deletes)
    everywhere = _reach([delete for delete in deletes if _is_global(table, delete)]).values()
    for entry in live_entries(table, snapshot):
        through = max([reach.get(partition_of(entry), -1), *everywhere])
        if entry.snapshot_id != snapshot.snapshot_id and (entry.sequence_number or 0) <= through:
            yield entry


def _reach(deletes: Sequence[ManifestEntry]) -> Mapping[tuple[int, str], int]:
    """The latest sequence number that is deleted from, by partition."""
    reach: dict[tuple[int, str], int] = {}
    for delete in deletes:
        partition = partition_of(delete)
        reach[partition] = max(reach.get(partition, -1), delete.sequence_number or 0)
    return reach


def _is_global(table: Table, delete: ManifestEntry) -> bool:
    """Whether a delete file applies to all partitions: one by values that lies in none itself."""
    by_value = delete.data_file.content == DataFileContent.EQUALITY_DELETES
    return by_value and table.specs()[delete.data_file.spec_id].is_unpartitioned()


def file_span(table: Table, file: DataFile, event_time: str, reader: str | None = None) -> Interval | None:
    """The event times of a file from its column bounds; None for a file without rows.

    Raises InputChanged where a file with rows has no bounds, with what helps the `reader` where there is one.
    """
    if file.record_count == 0:
        return None
    field = table.schema().find_field(event_time)
    lower, upper = (bounds.get(field.field_id) for bounds in (file.lower_bounds or {}, file.upper_bounds or {}))
    if lower is None or upper is None:
        rebuild = f": tidemark run {reader} --resync" if reader else ""
        raise InputChanged(
            f"{table_name(table)}: file {file.file_path} has no bounds for {event_time}, so what it changed is "
            f"unknown; set write.metadata.metrics.column.{event_time}=full, rewrite the file (rewrite_data_files with "
            f"rewrite-all), then rebuild what reads it{rebuild}"
        )
    low, high = (_decode(field.field_type, bound) for bound in (lower, upper))
    step = timedelta(days=1) if isinstance(field.field_type, DateType) else MICROSECOND
    return Interval(EPOCH + low * step, EPOCH + (high + 1) * step)


def file_bounds(table: Table, file: DataFile) -> dict[str, tuple[Any, Any] | None]:
    """The least and greatest value of each column of a file, as far as its metrics tell.

    None for a column without values. A column of which nothing is known is left out. Equal bounds of a text are its
    only value; unequal ones may be cut short.
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


def _decode(of_type: IcebergType, bound: bytes) -> int:
    """A bound as days (date) or microseconds (timestamp) since 1970."""
    if not isinstance(of_type, (DateType, TimestampType, TimestamptzType)):
        raise InputChanged(f"an event time of type {of_type} has no place in time; use date or timestamp")
    value: Any = from_bytes(of_type, bound)
    return int(value)
