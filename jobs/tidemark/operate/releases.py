"""Write releases: one row names the snapshots of all tables that belong together, and each snapshot is tagged."""

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
from tidemark.lineage.built_from import built_from
from tidemark.lineage.publish_commit import watermark_of
from tidemark.steps.context import Context
from tidemark.support.error_translation import translate_errors

KEEP_FOR = timedelta(days=90)
"""How long a release's tags protect its snapshots: a quarter."""

KEPT_MODELS = 3
"""So many of the latest models keep their releases at any age, so that one can go back to such a model."""

MODEL = "model_version"
"""A released table with a column of this name serves one model, and its release keeps that model's snapshots."""

RELEASED = "these snapshots have been released before"

_NAME = re.compile(r"release_[0-9a-f]{12}")


@dataclass(frozen=True)
class Release:
    """The result of `write_release`: the release's name and its snapshot ids by dataset.

    `written` is false if no row was written; `why` then gives the reason. If the tables do not belong together,
    `release` is empty.
    """

    release: str
    tables: Mapping[str, int]
    written: bool
    why: str


@translate_errors
def write_release(context: Context, dataset: str) -> Release:
    """Release a dataset together with every table that it was built from, as the watermarks name them.

    A table that has moved on since its reader read it is released as it was read. Nothing is written if the tables do
    not belong together: two readers of one table were built from different contents, or a table owes ranges. A later
    run writes the release then.
    """
    snapshot = _published_snapshot(context, dataset)
    if snapshot is None:
        return Release("", {}, False, f"{dataset}: nothing is published yet")
    built = built_from(context.lake, context.specs, dataset, snapshot)
    if built.why_not:
        return Release("", {}, False, built.why_not)
    tables = built.tables
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
    _tag_all(context, name, tables)  # maintenance that ran before the row was written may have dropped a tag
    return Release(name, tables, True, f"{len(tables)} tables")


def retired_releases(context: Context) -> frozenset[str]:
    """Return the names of the releases whose tags can be dropped: those older than KEEP_FOR, with two exceptions.

    The newest release is kept, and the first release of each kept model, which names what the model was trained on.
    """
    written = sorted(ops.rows(context.lake, "ops.releases"), key=lambda row: (row["released_at"], row["release"]))
    young = {row["release"] for row in written if row["released_at"] >= context.clock - KEEP_FOR}
    newest = {row["release"] for row in written[-1:]}
    return frozenset(row["release"] for row in written) - young - newest - _releases_of_kept_models(written)


def tags_without_release(context: Context, tags: Iterable[str]) -> frozenset[str]:
    """Return the tags that look like a release's but have no row: the run ended before it wrote the row."""
    written = {row["release"] for row in ops.rows(context.lake, "ops.releases", columns=("release",))}
    return frozenset(tag for tag in tags if written and _NAME.fullmatch(tag)) - written


def _releases_of_kept_models(written: Sequence[Mapping[str, Any]]) -> set[str]:
    """Return the first release of each of the KEPT_MODELS models that were released last."""
    first: dict[str, str] = {}
    for row in written:
        first.setdefault(row[MODEL], row["release"])
    latest = dict.fromkeys(row[MODEL] for row in reversed(written) if row[MODEL] is not None)
    return {first[model] for model in list(latest)[:KEPT_MODELS]}


def _model_of(context: Context, dataset: str, snapshot: int) -> str | None:
    """Return the model that the released table serves; None if it has no column for one or no row."""
    if MODEL not in context.spec(dataset).columns:
        return None
    rows = context.lake.table(dataset).scan(selected_fields=(MODEL,), snapshot_id=snapshot, limit=1).to_arrow()
    return str(rows[MODEL][0]) if len(rows) else None


def _published_snapshot(context: Context, dataset: str) -> int | None:
    table = context.lake.find_table(dataset)
    watermark = watermark_of(table) if table is not None else None
    return watermark.snapshot if watermark else None


def _tag_all(context: Context, name: str, tables: Mapping[str, int]) -> None:
    for table, snapshot in tables.items():
        _tag(context.lake.table(table), name, snapshot)


def _tag(table: Table, name: str, snapshot: int) -> None:
    if name not in table.refs() and table.snapshot_by_id(snapshot) is not None:
        # No age limit: Iceberg counts it from the snapshot's commit, which may lie long before the release.
        table.manage_snapshots().create_tag(snapshot, name).commit()
