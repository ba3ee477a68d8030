"""Find the rows of a person on main of the landed tables, and the refused records that quote the person."""

from __future__ import annotations

from collections.abc import Collection, Iterable, Mapping
from dataclasses import dataclass

import pyarrow as pa
from pyiceberg.expressions import AlwaysTrue, BooleanExpression
from pyiceberg.table import Table

from tidemark.catalog import Lake
from tidemark.catalog.filters import all_of, any_of, is_value
from tidemark.catalog.matching_files import MatchingFile, MatchingFiles
from tidemark.operate.erasure.account import TableRows
from tidemark.operate.erasure.person import Person
from tidemark.spec import DatasetSpec

FILE, PATH = "file_id", "file_path"
"""The columns in which landing records the file of a row."""

RECORD_TEXTS = ("record", "reason", PATH)
"""The columns of a quarantine table that hold text of the record or about it."""


@dataclass(frozen=True)
class Rows:
    """Rows of a landed table that are to be erased, as a condition, and their number."""

    where: BooleanExpression
    found: TableRows


def rows_in(lake: Lake, spec: DatasetSpec, person: Person) -> Rows | None:
    """Return the rows to erase on main of a landed table; None if there is none.

    A table that lacks one of the person's columns is a quarantine: its rows are found by what they quote.
    """
    table = lake.find_table(spec.dataset)
    head = table.current_snapshot() if table is not None else None
    if table is None or head is None:
        return None
    quoted = not person.is_in(spec)
    files = list(person_files(table, spec, person, spec.grain if quoted else ()).at(head.snapshot_id))
    if not files:
        return None
    where = _of_grain(spec, files) if quoted else person.where(spec)
    return Rows(where, TableRows(spec.dataset, sum(file.rows.num_rows for file in files), len(files), quoted))


def person_files(table: Table, spec: DatasetSpec, person: Person, wanted: Collection[str]) -> MatchingFiles:
    """Return a search for the person's rows in a table, which gives the columns `wanted` of them.

    If the table lacks one of the person's columns, the rows that quote the person are looked for.
    """
    if person.is_in(spec):
        return MatchingFiles(table, person.where(spec), person.columns, wanted)
    texts = [name for name in RECORD_TEXTS if name in spec.columns]
    known = [name for name in person.columns if name in spec.columns]
    return MatchingFiles(
        table, AlwaysTrue(), (), {*wanted, *texts, *known}, select=lambda rows: _quoting(rows, texts, known, person)
    )


def _quoting(rows: pa.Table, texts: Collection[str], known: Collection[str], person: Person) -> pa.Table:
    """Return the rows that quote the person in one of the text columns, without these texts."""
    present = [name for name in texts if name in rows.column_names]
    quoting = [
        person.is_quoted((row[name] for name in present), {name: row.get(name) for name in known})
        for row in rows.select([name for name in rows.column_names if name in {*present, *known}]).to_pylist()
    ]
    return rows.filter(pa.array(quoting, pa.bool_())).drop_columns([name for name in present if name != PATH])


def _of_grain(spec: DatasetSpec, files: Iterable[MatchingFile]) -> BooleanExpression:
    """Return the condition for exactly the rows of the files."""
    rows = (row for file in files for row in file.rows.select(list(spec.grain)).to_pylist())
    return any_of(all_of(is_value(column, row[column]) for column in spec.grain) for row in rows)


def quarantines(specs: Mapping[str, DatasetSpec]) -> list[DatasetSpec]:
    """Return the datasets that keep refused records, by name."""
    names = {spec.landing.quarantine for spec in specs.values() if spec.landing is not None}
    return [specs[name] for name in sorted(specs) if name in names]
