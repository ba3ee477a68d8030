"""Find rows of a table by their values, each with the snapshot that added its file. No engine is started."""

from __future__ import annotations

from collections.abc import Collection, Mapping
from dataclasses import dataclass
from typing import Any

from pyiceberg.expressions import BooleanExpression
from pyiceberg.io.pyarrow import ArrowScan
from pyiceberg.table import Table

from tidemark.catalog.manifests import live_entries, schema_at, table_name
from tidemark.catalog.storage import reading

Row = Mapping[str, Any]


@dataclass(frozen=True)
class FoundRow:
    """A row, and the snapshot that added the data file in which it lies."""

    values: Row
    added_by: int


@dataclass(frozen=True)
class FoundRows:
    """The rows that were found, and whether there are more of them."""

    rows: tuple[FoundRow, ...]
    more: bool


def columns_at(table: Table, snapshot_id: int) -> Collection[str]:
    """Return the names of the columns that a table had at a snapshot."""
    return {field.name for field in schema_at(table, snapshot_id).fields}


def find_rows(
    table: Table, snapshot_id: int, where: BooleanExpression, columns: Collection[str], most: int
) -> FoundRows:
    """Return up to `most` rows of a snapshot that meet a condition, with the given columns.

    The columns, and those of the condition, have to exist at the snapshot. Raises StorageError if a file cannot be
    read.
    """
    snapshot = table.snapshot_by_id(snapshot_id)
    assert snapshot is not None, "the caller has looked for the snapshot"
    found: list[FoundRow] = []
    with reading(f"a file of {table_name(table)}"):
        scan = table.scan(where, selected_fields=tuple(columns), snapshot_id=snapshot_id)
        tasks = sorted(scan.plan_files(), key=lambda task: task.file.file_path)
        added = (
            {entry.data_file.file_path: entry.snapshot_id for entry in live_entries(table, snapshot)} if tasks else {}
        )
        for task in tasks:
            rows = ArrowScan(table.metadata, table.io, scan.projection(), where).to_table([task]).to_pylist()
            by = added.get(task.file.file_path)
            found += [FoundRow(row, snapshot_id if by is None else by) for row in rows]
            if len(found) > most:
                return FoundRows(tuple(found[:most]), more=True)
    return FoundRows(tuple(found), more=False)
