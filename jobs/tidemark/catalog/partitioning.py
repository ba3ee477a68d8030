"""From a table's partitions to its spec's: a time may be cut more coarsely, anything else stops the session.

Files that are there keep their partitions; only new files lie in the new ones. A finer cut is refused: a session that
rebuilds one of the finer partitions would have to take a part of an older file away.
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
    """The spec's partitions that are coarser than the table's, by the name of the field that each replaces.

    Raises ColumnsDiffer if the partitions differ in any other way. Their order does not matter.
    """
    found = _partitions(table)
    has = {partition.column: (name, partition) for name, partition in found.items()}
    wanted = {partition.column: partition for partition in spec.partition_by}
    if has.keys() != wanted.keys() or len(has) != len(found):
        raise _differ(spec, found)
    changed = {name: wanted[column] for column, (name, partition) in has.items() if partition != wanted[column]}
    if not all(_is_coarser(found[name], partition) for name, partition in changed.items()):
        raise _differ(spec, found)
    return changed


def _partitions(table: Table) -> Mapping[str, Partition]:
    """The table's partitions by the names of their fields."""
    try:
        partitions = from_partition_spec(table.spec(), table.schema())
    except SpecError as error:
        raise ColumnsDiffer(f"{table_name(table)}: {error}") from error
    return {field.name: partition for field, partition in zip(table.spec().fields, partitions, strict=True)}


def _is_coarser(found: Partition, wanted: Partition) -> bool:
    known = found.transform in _COARSER and wanted.transform in _COARSER
    return known and _COARSER[found.transform] < _COARSER[wanted.transform]


def _differ(spec: DatasetSpec, found: Mapping[str, Partition]) -> ColumnsDiffer:
    has, wanted = (", ".join(map(_written, partitions)) for partitions in (found.values(), spec.partition_by))
    return ColumnsDiffer(
        f"{spec.dataset}: the table is partitioned by {has or 'nothing'}, the spec by {wanted or 'nothing'}; nothing "
        f"was written. Bring the spec back, cut its times no finer than the table does, or move the table aside "
        f"(RENAME) and let the loop build it anew"
    )


def _written(partition: Partition) -> str:
    is_plain = partition.transform == "identity"
    return partition.column if is_plain else f"{partition.transform}({partition.column})"
