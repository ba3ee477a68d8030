"""From a table to its spec: what only adds is taken in, anything else stops before a row is written.

A table's schema is live for all its readers at once, so it changes in a commit of its own, before a session
plans on it. The layout of files that are still to come changes in the same commit; files that are there stay.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from itertools import count

from pyiceberg.table import Table, Transaction

from tidemark.catalog.manifests import table_name
from tidemark.catalog.partitioning import coarsened
from tidemark.errors import ColumnsDiffer, InputChanged, SpecError
from tidemark.spec import DatasetSpec
from tidemark.spec.column_types import ColumnType, Decimal, parse_type
from tidemark.spec.model import Column, Partition
from tidemark.spec.render.docs import doc_of
from tidemark.spec.render.iceberg import from_schema, to_iceberg, to_transform
from tidemark.spec.render.table_properties import to_write_layout


@dataclass(frozen=True)
class Evolution:
    """What a spec adds to a table: optional columns, wider types, columns that may be null from now on.

    `coarsened` are the partitions that become coarser, each with the name of the table's field that it replaces;
    `properties` say how files are written and are missing in a table of an earlier version.
    """

    added: tuple[Column, ...] = ()
    widened: tuple[Column, ...] = ()
    relaxed: tuple[Column, ...] = ()
    coarsened: Mapping[str, Partition] = field(default_factory=dict)
    properties: Mapping[str, str] = field(default_factory=dict)

    @property
    def columns(self) -> bool:
        """Whether columns change."""
        return bool(self.added or self.widened or self.relaxed)

    def __bool__(self) -> bool:
        return bool(self.columns or self.coarsened or self.properties)


def evolution(table: Table, spec: DatasetSpec) -> Evolution:
    """What the spec adds to the table. Raises ColumnsDiffer where it does more than add."""
    has = _columns(table)
    for name in has.keys() - spec.columns.keys():
        raise _differ(spec, f"the table has a column {name} that the spec lacks", f"add it, or {_drop(table, name)}")
    known = [column for name, column in spec.columns.items() if name in has]
    for column in known:
        _check_column(table, spec, has[column.name], column)
    return Evolution(
        added=tuple(_addable(table, spec, column) for name, column in spec.columns.items() if name not in has),
        widened=tuple(column for column in known if column.type != has[column.name].type),
        relaxed=tuple(column for column in known if has[column.name].required and not column.required),
        coarsened=coarsened(table, spec),
        properties={key: value for key, value in to_write_layout(spec).items() if key not in table.properties},
    )


def evolve(table: Table, spec: DatasetSpec) -> Table:
    """The table with the spec's columns, evolved in one commit where the spec adds some."""
    wanted = evolution(table, spec)
    if not wanted:
        return table
    with table.transaction() as change:
        if wanted.columns:
            _evolve_columns(change, wanted)
        if wanted.coarsened:
            _evolve_partitions(change, wanted)
        if wanted.properties:
            change.set_properties(dict(wanted.properties))
    table.refresh()
    return table


def _evolve_columns(change: Transaction, wanted: Evolution) -> None:
    with change.update_schema() as columns:
        for column in wanted.added:
            columns.add_column(column.name, to_iceberg(parse_type(column.type), count(1)), doc=doc_of(column))
        for column in wanted.widened:
            columns.update_column(column.name, field_type=to_iceberg(parse_type(column.type), count(1)))
        for column in wanted.relaxed:
            columns.make_column_optional(column.name)


def _evolve_partitions(change: Transaction, wanted: Evolution) -> None:
    with change.update_spec() as fields:
        for name, partition in wanted.coarsened.items():
            fields.remove_field(name)
            fields.add_field(partition.column, to_transform(partition), partition.field_name)


def check_readable(table: Table, spec: DatasetSpec) -> None:
    """See that an input still has the columns of its spec. Raises InputChanged."""
    has = _columns(table)
    for name, column in spec.columns.items():
        fault = _fault_of_input(has.get(name), column)
        if fault:
            raise InputChanged(
                f"{table_name(table)}: column {name} {fault}, so nothing was read. Bring it back in the table, or "
                f"mend {spec.path.name} and the transforms that read it; if the spec is newer, run {spec.dataset} first"
            )


def _fault_of_input(found: Column | None, column: Column) -> str | None:
    if found is None:
        return "is not there"
    if found.type != column.type and not _widens(parse_type(column.type), parse_type(found.type)):
        return f"is {found.type} and not {column.type}"
    if column.required and not found.required:
        return "may be null, though the spec requires it"
    return None


def _columns(table: Table) -> dict[str, Column]:
    try:
        return from_schema(table.schema())
    except SpecError as error:
        raise ColumnsDiffer(f"{table_name(table)}: {error}") from error


def _check_column(table: Table, spec: DatasetSpec, found: Column, column: Column) -> None:
    name = column.name
    if found.type != column.type and not _widens(parse_type(found.type), parse_type(column.type)):
        remedy = "write the new values into a column of another name"
        raise _differ(spec, f"column {name} is {found.type} in the table and {column.type} in the spec", remedy)
    if column.required and not found.required:
        raise _differ(spec, f"column {name} may be null in the table", "leave required out, and expect it not null")


def _addable(table: Table, spec: DatasetSpec, column: Column) -> Column:
    if column.required:
        raise _differ(
            spec,
            f"column {column.name} is new and required, but the rows that are there have none",
            "leave required out",
        )
    return column


def _widens(narrow: ColumnType, wide: ColumnType) -> bool:
    """Whether Iceberg can read the one as the other."""
    if isinstance(narrow, Decimal) and isinstance(wide, Decimal):
        return narrow.scale == wide.scale and narrow.precision <= wide.precision
    return (str(narrow), str(wide)) == ("int", "long")


def _drop(table: Table, column: str) -> str:
    return f"take it out of the table for every reader (ALTER TABLE {table_name(table)} DROP COLUMN {column})"


def _differ(spec: DatasetSpec, what: str, remedy: str) -> ColumnsDiffer:
    return ColumnsDiffer(f"{spec.dataset}: {what}; nothing was written. {remedy[0].upper()}{remedy[1:]}")
