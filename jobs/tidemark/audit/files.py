"""What the files of a staged snapshot say of themselves, read from manifests without touching data."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import UTC, date, datetime, timedelta
from typing import TYPE_CHECKING, Any

from pyiceberg.conversions import from_bytes
from pyiceberg.manifest import DataFile, ManifestEntry, ManifestEntryStatus
from pyiceberg.types import DateType, PrimitiveType, TimestampType, TimestamptzType

from tidemark.catalog.manifests import is_data, own_entries
from tidemark.errors import AuditError

if TYPE_CHECKING:
    from pyiceberg.schema import Schema
    from pyiceberg.table import Table

EPOCH = datetime(1970, 1, 1, tzinfo=UTC)


@dataclass(frozen=True)
class ColumnFacts:
    """One column in one file. None means that the file does not say.

    `least` and `most` leave nulls and NaNs out; instants are aware datetimes, dates are dates.
    """

    rows: int
    nulls: int | None
    nans: int | None
    least: Any
    most: Any

    @property
    def empty(self) -> bool:
        """Whether the file holds no ordinary value of the column."""
        return self.nulls is not None and self.nulls + (self.nans or 0) == self.rows

    @property
    def bounded(self) -> bool:
        """Whether both bounds are known."""
        return self.least is not None and self.most is not None


@dataclass(frozen=True)
class StagedFiles:
    """The files that one snapshot added and removed, empty files left out; `schema` is the snapshot's own."""

    schema: Schema
    added: tuple[DataFile, ...]
    removed: tuple[DataFile, ...]

    @property
    def rows(self) -> int:
        """Rows of the added files."""
        return sum(file.record_count for file in self.added)

    @property
    def paths(self) -> list[str]:
        """Where the added files lie, as the table says it."""
        return [file.file_path for file in self.added]

    def facts(self, column: str) -> list[ColumnFacts]:
        """What each added file says of a column; nothing for a column that the table lacks."""
        return self._facts(column, self.added)

    def removed_facts(self, column: str) -> list[ColumnFacts]:
        """What each removed file says of a column."""
        return self._facts(column, self.removed)

    def _facts(self, column: str, files: tuple[DataFile, ...]) -> list[ColumnFacts]:
        if column not in self.schema.column_names:
            return []
        field = self.schema.find_field(column)
        return [_column_facts(file, field.field_id, field.field_type) for file in files]


def staged_files(table: Table, snapshot_id: int, base_snapshot_id: int) -> StagedFiles:
    """The files of a staged snapshot. Raises AuditError where it is not one commit on the base."""
    name = ".".join(table.name()[-2:])
    snapshot = table.snapshot_by_id(snapshot_id)
    if snapshot is None:
        raise AuditError(
            f"{name}: the staged snapshot {snapshot_id} is not in the table; nothing was published; "
            f"run the session again"
        )
    if snapshot.parent_snapshot_id != base_snapshot_id:
        raise AuditError(
            f"{name}: the staged snapshot {snapshot_id} is built on {snapshot.parent_snapshot_id}, not on the "
            f"plan's base {base_snapshot_id}, so more than this session "
            "would be published; run the session again from init"
        )
    schema = table.schemas()[snapshot.schema_id] if snapshot.schema_id is not None else table.schema()
    entries = [entry for entry in own_entries(table, snapshot) if is_data(entry)]
    return StagedFiles(
        schema=schema,
        added=_with_status(entries, ManifestEntryStatus.ADDED),
        removed=_with_status(entries, ManifestEntryStatus.DELETED),
    )


def _with_status(entries: list[ManifestEntry], status: ManifestEntryStatus) -> tuple[DataFile, ...]:
    return tuple(e.data_file for e in entries if e.status == status and e.data_file.record_count > 0)


def _column_facts(file: DataFile, field_id: int, field_type: Any) -> ColumnFacts:
    return ColumnFacts(
        rows=file.record_count,
        nulls=(file.null_value_counts or {}).get(field_id),
        nans=(file.nan_value_counts or {}).get(field_id),
        least=_bound(field_type, (file.lower_bounds or {}).get(field_id)),
        most=_bound(field_type, (file.upper_bounds or {}).get(field_id)),
    )


def _bound(field_type: Any, raw: bytes | None) -> Any:
    if raw is None or not isinstance(field_type, PrimitiveType):
        return None
    value = from_bytes(field_type, raw)
    if isinstance(field_type, TimestampType | TimestamptzType) and isinstance(value, int):
        return EPOCH + timedelta(microseconds=value)
    if isinstance(field_type, DateType) and isinstance(value, int):
        return date(1970, 1, 1) + timedelta(days=value)
    return value
