"""Evolve a table to its spec. Additions are applied; any other difference stops the session before it writes a row.

All readers of a table see its new schema at once. So the schema changes in a commit of its own, before a session plans
on it. The same commit changes the layout of future files; existing files stay as they are.
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
    """The changes that bring a table to its spec.

    `added` columns are optional, `widened` ones get a wider type, and `relaxed` ones may be null from now on.
    `coarsened` maps a partition field of the table to the coarser partition that replaces it. `properties` are write
    properties that a table of an earlier version lacks.
    """

    added: tuple[Column, ...] = ()
    widened: tuple[Column, ...] = ()
    relaxed: tuple[Column, ...] = ()
    coarsened: Mapping[str, Partition] = field(default_factory=dict)
    properties: Mapping[str, str] = field(default_factory=dict)

    @property
    def changes_columns(self) -> bool:
        """Whether any column changes."""
        return bool(self.added or self.widened or self.relaxed)

    def __bool__(self) -> bool:
        return bool(self.changes_columns or self.coarsened or self.properties)


def evolution(table: Table, spec: DatasetSpec) -> Evolution:
    """Return the changes that bring the table to its spec.

    Raises:
        ColumnsDiffer: If the columns or partitions differ in a way that no addition can resolve.
    """
    found = _columns(table)
    for name in found.keys() - spec.columns.keys():
        raise _columns_differ(
            spec, f"the table has a column {name} that the spec lacks", f"add it to the spec, or {_drop(table, name)}"
        )
    known = [column for name, column in spec.columns.items() if name in found]
    for column in known:
        _check_column(spec, found[column.name], column)
    return Evolution(
        added=tuple(_check_optional(spec, column) for name, column in spec.columns.items() if name not in found),
        widened=tuple(column for column in known if column.type != found[column.name].type),
        relaxed=tuple(column for column in known if found[column.name].required and not column.required),
        coarsened=coarsened(table, spec),
        properties={key: value for key, value in to_write_layout(spec).items() if key not in table.properties},
    )


def evolve(table: Table, spec: DatasetSpec) -> Table:
    """Bring the table to its spec in one commit, if they differ, and return it. Raises ColumnsDiffer."""
    changes = evolution(table, spec)
    if not changes:
        return table
    with table.transaction() as transaction:
        if changes.changes_columns:
            _evolve_columns(transaction, changes)
        if changes.coarsened:
            _evolve_partitions(transaction, changes)
        if changes.properties:
            transaction.set_properties(dict(changes.properties))
    table.refresh()
    return table


def _evolve_columns(transaction: Transaction, changes: Evolution) -> None:
    with transaction.update_schema() as columns:
        for column in changes.added:
            columns.add_column(column.name, to_iceberg(parse_type(column.type), count(1)), doc=doc_of(column))
        for column in changes.widened:
            columns.update_column(column.name, field_type=to_iceberg(parse_type(column.type), count(1)))
        for column in changes.relaxed:
            columns.make_column_optional(column.name)


def _evolve_partitions(transaction: Transaction, changes: Evolution) -> None:
    with transaction.update_spec() as fields:
        for name, partition in changes.coarsened.items():
            fields.remove_field(name)
            fields.add_field(partition.column, to_transform(partition), partition.field_name)


def check_readable(table: Table, spec: DatasetSpec) -> None:
    """Check that an input still has the columns of its spec. Raises InputChanged."""
    found = _columns(table)
    for name, column in spec.columns.items():
        fault = _input_fault(found.get(name), column)
        if fault:
            raise InputChanged(
                f"{table_name(table)}: column {name} {fault}, so nothing was read. Restore the column, or correct "
                f"{spec.path.name} and the transforms that read it. If the spec is newer than the table, run "
                f"{spec.dataset} first"
            )


def _input_fault(found: Column | None, column: Column) -> str | None:
    """Return what is wrong with a column of an input; None if it is as the spec says."""
    if found is None:
        return "does not exist"
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


def _check_column(spec: DatasetSpec, found: Column, column: Column) -> None:
    name = column.name
    if found.type != column.type and not _widens(parse_type(found.type), parse_type(column.type)):
        remedy = "write the new values into a column of another name"
        raise _columns_differ(spec, f"column {name} is {found.type} in the table and {column.type} in the spec", remedy)
    if column.required and not found.required:
        remedy = "leave required out of the spec, and add an expectation that it is not null"
        raise _columns_differ(spec, f"column {name} may be null in the table, but the spec requires it", remedy)


def _check_optional(spec: DatasetSpec, column: Column) -> Column:
    """Return a new column if it is optional. Raises ColumnsDiffer if it is required."""
    if column.required:
        raise _columns_differ(
            spec,
            f"column {column.name} is new and required, but existing rows have no value for it",
            "leave required out of the spec",
        )
    return column


def _widens(narrow: ColumnType, wide: ColumnType) -> bool:
    """Return whether Iceberg can read values of type `narrow` as type `wide`."""
    if isinstance(narrow, Decimal) and isinstance(wide, Decimal):
        return narrow.scale == wide.scale and narrow.precision <= wide.precision
    return (str(narrow), str(wide)) == ("int", "long")


def _drop(table: Table, column: str) -> str:
    return f"remove it from the table for every reader (ALTER TABLE {table_name(table)} DROP COLUMN {column})"


def _columns_differ(spec: DatasetSpec, problem: str, remedy: str) -> ColumnsDiffer:
    return ColumnsDiffer(f"{spec.dataset}: {problem}; nothing was written. {remedy[0].upper()}{remedy[1:]}")
