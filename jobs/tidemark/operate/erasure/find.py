"""Find the rows of a person on main of the landed tables, and the refused records that quote the person."""

from __future__ import annotations

from collections.abc import Collection, Iterator, Mapping
from dataclasses import dataclass
from typing import Any

from pyiceberg.expressions import AlwaysTrue, BooleanExpression
from pyiceberg.table import Table
from pyiceberg.table.snapshots import Snapshot

from tidemark.catalog import Lake
from tidemark.catalog.filters import all_of, any_of, is_value
from tidemark.catalog.manifests import schema_at
from tidemark.catalog.matching_files import MatchingFiles
from tidemark.catalog.storage import reading
from tidemark.operate.erasure.account import TableRows
from tidemark.operate.erasure.person import Person, landed_with
from tidemark.spec import DatasetSpec

RECORD_TEXTS = ("record", "reason", "file_path")
"""The columns of a quarantine table that hold text of the record or about it."""


@dataclass(frozen=True)
class Rows:
    """Rows of a landed table that are to be erased, as a condition, and their number."""

    where: BooleanExpression
    found: TableRows


def rows_to_erase(lake: Lake, specs: Mapping[str, DatasetSpec], person: Person) -> list[Rows]:
    """Return the rows of the person on main of each landed table, and the refused records that quote the person."""
    concerned = {spec.dataset: spec for spec in (*landed_with(specs, person), *quarantines(specs))}
    found = (rows_in(lake, spec, person) for spec in concerned.values())
    return [rows for rows in found if rows is not None]


def rows_in(lake: Lake, spec: DatasetSpec, person: Person) -> Rows | None:
    """Return the rows to erase on main of a landed table; None if there is none.

    A table that lacks one of the person's columns is a quarantine: its rows are found by what they quote.
    """
    table = lake.find_table(spec.dataset)
    head = table.current_snapshot() if table is not None else None
    if table is None or head is None:
        return None
    if person.is_in(spec):
        return _matching(table, head, person.where(spec), spec, person.columns, quoted=False)
    quoting = list(_quoting(table, head, spec, person))
    where = any_of(all_of(is_value(column, row[column]) for column in spec.grain) for row in quoting)
    return _matching(table, head, where, spec, spec.grain, quoted=True) if quoting else None


def quarantines(specs: Mapping[str, DatasetSpec]) -> list[DatasetSpec]:
    """Return the datasets that keep refused records, by name."""
    names = {spec.landing.quarantine for spec in specs.values() if spec.landing is not None}
    return [specs[name] for name in sorted(specs) if name in names]


def _matching(
    table: Table, head: Snapshot, where: BooleanExpression, spec: DatasetSpec, columns: Collection[str], quoted: bool
) -> Rows | None:
    files = list(MatchingFiles(table, where, columns, ()).at(head.snapshot_id))
    number = sum(file.rows.num_rows for file in files)
    return Rows(where, TableRows(spec.dataset, number, len(files), quoted)) if files else None


def _quoting(table: Table, head: Snapshot, spec: DatasetSpec, person: Person) -> Iterator[Mapping[str, Any]]:
    """Yield the rows of a quarantine table's main that quote the person, with the columns of the grain."""
    present = {field.name for field in schema_at(table, head.snapshot_id).fields}
    texts = [name for name in RECORD_TEXTS if name in present]
    known = [name for name in person.columns if name in present]
    with reading(f"a file of {spec.dataset}"):
        columns = tuple(dict.fromkeys((*spec.grain, *texts, *known)))
        for batch in table.scan(AlwaysTrue(), selected_fields=columns).to_arrow_batch_reader():
            for row in batch.to_pylist():
                if person.is_quoted((row[name] for name in texts), {name: row[name] for name in known}):
                    yield {name: row[name] for name in spec.grain}
