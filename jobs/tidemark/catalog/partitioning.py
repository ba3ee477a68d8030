"""Compare a table's partitions with its spec's. A time partition may become coarser; any other change is refused.

Existing files keep their partitions, and only new files use the new ones. Finer partitions are refused: to rebuild one
of them, a session would have to remove a part of an older file.
"""

from __future__ import annotations

from collections.abc import Mapping

from pyiceberg.table import Table

from tidemark.catalog.manifests import table_name
from tidemark.errors import ColumnsDiffer, SpecError
from tidemark.spec import DatasetSpec
from tidemark.spec.model import Partition
from tidemark.spec.render.iceberg import from_partition_spec

_COARSER = {"hour": 0, "day": 1, "month": 2}


def coarsened(table: Table, spec: DatasetSpec) -> dict[str, Partition]:
    """Return the spec's partitions that are coarser than the table's, by the name of the field that each replaces.

    Raises ColumnsDiffer if the partitions differ in any other way. Their order does not matter.
    """
    found = _partitions(table)
    by_column = {partition.column: (name, partition) for name, partition in found.items()}
    wanted = {partition.column: partition for partition in spec.partition_by}
    if by_column.keys() != wanted.keys() or len(by_column) != len(found):
        raise _partitions_differ(spec, found)
    changed = {name: wanted[column] for column, (name, partition) in by_column.items() if partition != wanted[column]}
    if not all(_is_coarser(found[name], partition) for name, partition in changed.items()):
        raise _partitions_differ(spec, found)
    return changed


def _partitions(table: Table) -> Mapping[str, Partition]:
    """Return the table's partitions by field name."""
    try:
        partitions = from_partition_spec(table.spec(), table.schema())
    except SpecError as error:
        raise ColumnsDiffer(f"{table_name(table)}: {error}") from error
    return {field.name: partition for field, partition in zip(table.spec().fields, partitions, strict=True)}


def _is_coarser(found: Partition, wanted: Partition) -> bool:
    known = found.transform in _COARSER and wanted.transform in _COARSER
    return known and _COARSER[found.transform] < _COARSER[wanted.transform]


def _partitions_differ(spec: DatasetSpec, found: Mapping[str, Partition]) -> ColumnsDiffer:
    current, wanted = (", ".join(map(_spec_text, partitions)) for partitions in (found.values(), spec.partition_by))
    return ColumnsDiffer(
        f"{spec.dataset}: the table is partitioned by {current or 'nothing'}, the spec by {wanted or 'nothing'}; "
        f"nothing was written. Restore partition_by in the spec, choose time partitions that are no finer than the "
        f"table's, or move the table aside (RENAME) and let the loop build it again"
    )


def _spec_text(partition: Partition) -> str:
    """Return a partition as a spec writes it, for example `day(shown_at)`."""
    is_plain = partition.transform == "identity"
    return partition.column if is_plain else f"{partition.transform}({partition.column})"
