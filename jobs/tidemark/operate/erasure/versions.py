"""The versions that rows name, such as the ranker that computed a score, and what each of them was made from.

A table to which each session adds a version keeps the earlier ones, so its watermark says only what the newest one was
made from. A reader may use an older one, and then its rows name it.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from typing import Any

import pyarrow as pa
from pyiceberg.table import Table

from tidemark.catalog import Lake
from tidemark.catalog.filters import all_of, any_of, is_value
from tidemark.catalog.manifests import table_name
from tidemark.catalog.rows import find_rows
from tidemark.catalog.storage import reading
from tidemark.operate.origin.matching import Match, match
from tidemark.operate.origin.writers import writers_of
from tidemark.spec import DatasetSpec, InputSpec
from tidemark.state.plan import Plan

MOST = 100
"""The most versions that are followed of one reader."""

Values = tuple[tuple[str, Any], ...]


@dataclass(frozen=True)
class Version:
    """A version that rows name. `reads` are the datasets and snapshots that it was made from; None if unknown."""

    name: str
    reads: tuple[tuple[str, int], ...] | None


def names_versions(specs: Mapping[str, DatasetSpec], spec: DatasetSpec) -> bool:
    """Return whether rows of a dataset may name versions of an input."""
    return any(_matched(specs, spec, window) for window in spec.inputs.values())


def named_versions(
    lake: Lake, specs: Mapping[str, DatasetSpec], table: Table, spec: DatasetSpec, snapshot: int
) -> Iterator[Version]:
    """Yield the versions that the rows of a readable snapshot name."""
    for window in spec.inputs.values():
        matched = _matched(specs, spec, window)
        versions = lake.find_table(window.dataset) if matched else None
        if matched and versions is not None:
            yield from _versions(lake, specs[window.dataset], versions, _named(table, snapshot, matched))


def _matched(specs: Mapping[str, DatasetSpec], spec: DatasetSpec, window: InputSpec) -> Match | None:
    """Return how rows of a dataset name the versions of an input; None if they name none."""
    source = specs.get(window.dataset)
    if source is None or source.dataset == spec.dataset or source.replace != "append":
        return None
    found = match(spec, source, window)
    return found if set(source.grain) <= set(found.columns) else None


def _named(table: Table, snapshot: int, found: Match) -> list[Values]:
    """Return the different values of the columns that name a version, under the names of the version's columns."""
    with reading(f"a file of {table_name(table)}"):
        rows: pa.Table = table.scan(snapshot_id=snapshot, selected_fields=tuple(found.columns.values())).to_arrow()
    distinct = rows.group_by(list(found.columns.values())).aggregate([]).to_pylist()
    return [tuple((own, row[theirs]) for own, theirs in found.columns.items()) for row in distinct]


def _versions(lake: Lake, source: DatasetSpec, table: Table, named: list[Values]) -> Iterator[Version]:
    head = table.current_snapshot()
    named = [values for values in named if all(value is not None for _, value in values)]
    if head is None or not named:
        return
    if len(named) > MOST:
        yield Version(f"more than {MOST} versions of {source.dataset}", None)
    where = any_of(all_of(is_value(*pair) for pair in values) for values in named[:MOST])
    rows = find_rows(table, head.snapshot_id, where, source.grain, MOST).rows
    there = {_name(row.values, source) for row in rows}
    lost = [name for values in named[:MOST] if (name := _name(dict(values), source)) not in there]
    yield from (Version(f"{source.dataset} {name}", None) for name in lost)
    for writer, written in writers_of(lake, table, source, rows).items():
        reads = _reads(source, writer.plan) if writer.plan is not None else None
        yield from (Version(f"{source.dataset} {_name(row.values, source)}", reads) for row in written)


def _reads(source: DatasetSpec, plan: Plan) -> tuple[tuple[str, int], ...]:
    return tuple((r.dataset, r.read_snapshot) for r in plan.inputs.values() if r.dataset != source.dataset)


def _name(values: Mapping[str, Any], source: DatasetSpec) -> str:
    return ", ".join(str(values[column]) for column in source.grain)
