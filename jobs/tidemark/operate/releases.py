"""A release: one row that names the snapshots of all tables that belong together, each of them tagged."""

from __future__ import annotations

import hashlib
import json
import re
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from datetime import timedelta
from typing import Any

from pyiceberg.table import Table

from tidemark.catalog import ops
from tidemark.catalog.filters import equals
from tidemark.lineage.history import readable_snapshot, same_content
from tidemark.lineage.publish_commit import watermark_of
from tidemark.state.ranges import describe
from tidemark.steps.context import Context
from tidemark.support.error_translation import translate_errors

KEEP_FOR = timedelta(days=90)
"""How long a release's tags protect its snapshots: a quarter."""

KEPT_MODELS = 3
"""The models, the one in use and those before it, whose releases stay however old: one can go back to them."""

MODEL = "model_version"
"""A released table with a column of this name serves one model, and its release keeps that model's snapshots."""

RELEASED = "these snapshots are released already"

_NAME = re.compile(r"release_[0-9a-f]{12}")


@dataclass(frozen=True)
class Release:
    """Snapshot ids by dataset; `written` is False where the tables do not belong together, `why` says so."""

    release: str
    tables: Mapping[str, int]
    written: bool
    why: str


@translate_errors
def write_release(context: Context, dataset: str) -> Release:
    """Release a dataset with everything that it was built from, as its watermarks name it.

    Nothing is written when a table in the chain moved on, so that two readers of one table stand on
    different snapshots of it, or owes ranges that it has not rebuilt yet; a later run releases then.
    """
    tables: dict[str, int] = {}
    conflict = _collect(context, dataset, _standing(context, dataset), tables)
    if conflict or not tables:
        return Release("", tables, False, conflict or f"{dataset}: nothing published yet")
    name = "release_" + hashlib.sha256(json.dumps(tables, sort_keys=True).encode()).hexdigest()[:12]
    is_this = equals("release", name)
    if ops.rows(context.lake, "ops.releases", is_this, ("release",)):
        return Release(name, tables, False, RELEASED)
    _tag_all(context, name, tables)
    row = {
        "release": name,
        "model_version": _model_of(context, dataset, tables[dataset]),
        "tables": json.dumps(tables, sort_keys=True),
        "released_at": context.clock,
    }
    if not ops.append_once(context.lake, "ops.releases", [row], is_this):
        return Release(name, tables, False, RELEASED)
    _tag_all(context, name, tables)  # a sweep that looked before the row was there may have taken one for left over
    return Release(name, tables, True, f"{len(tables)} tables")


def retired(context: Context) -> frozenset[str]:
    """Names of the releases that have had their time.

    The newest release stays, and the first one of each kept model, which names what the model was trained on.
    """
    written = sorted(ops.rows(context.lake, "ops.releases"), key=lambda row: (row["released_at"], row["release"]))
    young = {row["release"] for row in written if row["released_at"] >= context.clock - KEEP_FOR}
    newest = {row["release"] for row in written[-1:]}
    return frozenset(row["release"] for row in written) - young - newest - _of_kept_models(written)


def left_over(context: Context, tags: Iterable[str]) -> frozenset[str]:
    """Those of the tags that a release set which died before its row was written."""
    written = {row["release"] for row in ops.rows(context.lake, "ops.releases", columns=("release",))}
    return frozenset(tag for tag in tags if written and _NAME.fullmatch(tag)) - written


def _of_kept_models(written: Sequence[Mapping[str, Any]]) -> set[str]:
    """The first release of each of the models that were released last."""
    first: dict[str, str] = {}
    for row in written:
        first.setdefault(row[MODEL], row["release"])
    latest = dict.fromkeys(row[MODEL] for row in reversed(written) if row[MODEL] is not None)
    return {first[model] for model in list(latest)[:KEPT_MODELS]}


def _model_of(context: Context, dataset: str, snapshot: int) -> str | None:
    """The model that the released table serves, where it serves one."""
    if MODEL not in context.spec(dataset).columns:
        return None
    rows = context.lake.table(dataset).scan(selected_fields=(MODEL,), snapshot_id=snapshot, limit=1).to_arrow()
    return str(rows[MODEL][0]) if len(rows) else None


def _standing(context: Context, dataset: str) -> int | None:
    table = context.lake.find_table(dataset)
    mark = watermark_of(table) if table is not None else None
    return mark.snapshot if mark else None


def _collect(context: Context, dataset: str, snapshot: int | None, tables: dict[str, int]) -> str | None:
    """Add a dataset at a snapshot, and what its watermark says it was built from; a sentence on conflict."""
    if snapshot is None:
        return None
    table = context.lake.table(dataset)
    held = readable_snapshot(table, snapshot)
    if held is None:
        return f"{dataset}: snapshot {snapshot} has expired, so nobody can read it; released after the next run"
    if not same_content(table, tables.setdefault(dataset, held), snapshot):
        return f"{dataset}: its readers stand on two snapshots, {tables[dataset]} and {snapshot}"
    mark = watermark_of(table)
    if mark is None:
        return None
    if mark.owed:
        return f"{dataset}: owes {describe(mark.owed)}; released once that is rebuilt"
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


def _tag_all(context: Context, name: str, tables: Mapping[str, int]) -> None:
    for table, snapshot in tables.items():
        _tag(context.lake.table(table), name, snapshot)


def _tag(table: Table, name: str, snapshot: int) -> None:
    if name not in table.refs() and table.snapshot_by_id(snapshot) is not None:
        # No age limit: Iceberg counts it from the snapshot's commit, which may lie long before the release.
        table.manage_snapshots().create_tag(snapshot, name).commit()
