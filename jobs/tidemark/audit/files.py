"""The metadata of a staged snapshot's files, read from manifests without reading data."""

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
    """The metadata of one column in one file. None means that the file does not state the value.

    `least` and `most` are the bounds without nulls and NaNs. Instants are aware datetimes, dates are dates.
    """

    rows: int
    nulls: int | None
    nans: int | None
    least: Any
    most: Any

    @property
    def empty(self) -> bool:
        """Whether every value of the column in the file is null or NaN."""
        return self.nulls is not None and self.nulls + (self.nans or 0) == self.rows

    @property
    def bounded(self) -> bool:
        """Whether both bounds are known."""
        return self.least is not None and self.most is not None


@dataclass(frozen=True)
class StagedFiles:
    """The files that one snapshot added and removed, without empty files. `schema` is the schema of that snapshot."""

    schema: Schema
    added: tuple[DataFile, ...]
    removed: tuple[DataFile, ...]

    @property
    def rows(self) -> int:
        """The number of rows in the added files."""
        return sum(file.record_count for file in self.added)

    @property
    def paths(self) -> list[str]:
        """The paths of the added files, as the table stores them."""
        return [file.file_path for file in self.added]

    def facts(self, column: str) -> list[ColumnFacts]:
        """Return the metadata of a column in each added file. Empty if the table does not have the column."""
        return self._facts(column, self.added)

    def removed_facts(self, column: str) -> list[ColumnFacts]:
        """Return the metadata of a column in each removed file. Empty if the table does not have the column."""
        return self._facts(column, self.removed)

    def _facts(self, column: str, files: tuple[DataFile, ...]) -> list[ColumnFacts]:
        if column not in self.schema.column_names:
            return []
        field = self.schema.find_field(column)
        return [_column_facts(file, field.field_id, field.field_type) for file in files]


def staged_files(table: Table, snapshot_id: int, base_snapshot_id: int) -> StagedFiles:
    """Return the files of a staged snapshot. Raises AuditError if the snapshot is not one commit on the plan's base."""
    name = ".".join(table.name()[-2:])
    snapshot = table.snapshot_by_id(snapshot_id)
    if snapshot is None:
        raise AuditError(
            f"{name}: the staged snapshot {snapshot_id} is not in the table, and nothing was published; "
            f"run the session again"
        )
    if snapshot.parent_snapshot_id != base_snapshot_id:
        raise AuditError(
            f"{name}: the staged snapshot {snapshot_id} was written on snapshot {snapshot.parent_snapshot_id}, not on "
            f"the plan's base {base_snapshot_id}, so publishing it would publish other changes too; "
            "run the session again from init"
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
