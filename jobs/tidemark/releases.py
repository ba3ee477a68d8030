"""A release: one row that names the snapshots of all tables that belong together, each of them tagged."""

from __future__ import annotations

import hashlib
import json
from collections.abc import Iterable, Mapping
from dataclasses import dataclass

from pyiceberg.table import Table

from tidemark.failures import told
from tidemark.lake import ops
from tidemark.lake.commits import watermark_of
from tidemark.lake.history import same_content
from tidemark.steps.context import Context

KEEP_FOR_MS = 90 * 24 * 3600 * 1000
"""How long a release's tags protect its snapshots: a quarter."""


@dataclass(frozen=True)
class Release:
    """Snapshot ids by dataset; `written` is False where the tables do not belong together, `why` says so."""

    release: str
    tables: Mapping[str, int]
    written: bool
    why: str


@told
def write_release(context: Context, dataset: str) -> Release:
    """Release a dataset with everything that it was built from, as its watermarks name it.

    Nothing is written when a table in the chain moved on, so that two readers of one table stand on
    different snapshots of it; the next run releases then.
    """
    tables: dict[str, int] = {}
    conflict = _collect(context, dataset, _standing(context, dataset), tables)
    if conflict or not tables:
        return Release("", tables, False, conflict or f"{dataset}: nothing published yet")
    name = "release_" + hashlib.sha256(json.dumps(tables, sort_keys=True).encode()).hexdigest()[:12]
    known = [row["release"] for row in ops.rows(context.lake, "ops.releases", columns=("release",))]
    if name in known:
        return Release(name, tables, False, "these snapshots are released already")
    for table, snapshot in tables.items():
        _tag(context.lake.table(table), name, snapshot)
    row = {"release": name, "tables": json.dumps(tables, sort_keys=True), "released_at": context.clock}
    ops.append(context.lake, "ops.releases", [row])
    return Release(name, tables, True, f"{len(tables)} tables")


def _standing(context: Context, dataset: str) -> int | None:
    table = context.lake.find_table(dataset)
    mark = watermark_of(table) if table is not None else None
    return mark.snapshot if mark else None


def _collect(context: Context, dataset: str, snapshot: int | None, tables: dict[str, int]) -> str | None:
    """Add a dataset at a snapshot, and what its watermark says it was built from; a sentence on conflict."""
    if snapshot is None:
        return None
    table = context.lake.table(dataset)
    if not same_content(table, tables.setdefault(dataset, snapshot), snapshot):
        return f"{dataset}: its readers stand on two snapshots, {tables[dataset]} and {snapshot}"
    mark = watermark_of(table)
    if mark is None:
        return None
    if not same_content(table, mark.snapshot, snapshot):
        return f"{dataset}: moved on to {mark.snapshot} since its reader took {snapshot}; released after the next run"
    windows = context.spec(dataset).inputs
    return _first(
        _collect(context, windows[name].dataset, position.snapshot, tables)
        for name, position in mark.inputs.items()
        if name in windows and windows[name].dataset != dataset
    )


def _first(conflicts: Iterable[str | None]) -> str | None:
    return next((conflict for conflict in conflicts if conflict), None)


def _tag(table: Table, name: str, snapshot: int) -> None:
    if name not in table.refs() and table.snapshot_by_id(snapshot) is not None:
        table.manage_snapshots().create_tag(snapshot, name, max_ref_age_ms=KEEP_FOR_MS).commit()
