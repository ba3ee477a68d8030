"""Pin the inputs of a run: record which snapshots its sessions read, so that all of them read the same."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Collection, Iterator, Sequence
from datetime import timedelta

from pyiceberg.table import Table

from tidemark.catalog import Lake, ops
from tidemark.catalog.filters import equals, since_instant
from tidemark.errors import RequestRefused
from tidemark.lineage.built_from import built_from
from tidemark.lineage.publish_commit import watermark_of
from tidemark.lineage.watermark_history import watermarks_at
from tidemark.state.pin import PinnedInput, Pins, pins_from_json, pins_to_json
from tidemark.steps.context import Context
from tidemark.support.error_translation import translating_errors


def pin_inputs(context: Context, datasets: Collection[str]) -> Pins:
    """Record the snapshots that the sessions of `datasets` read in this run, and return them.

    An input is pinned as it is now. If another input was built from it, it is pinned as that one has read it, so that
    the two belong together. Datasets of `datasets` are not pinned: each session reads what the run has published. If
    the run has pinned its inputs before, nothing changes. Raises RequestRefused if the run has no name.
    """
    if context.run is None:
        raise RequestRefused("only a named run can pin its inputs; without a scheduler, inputs are read as they are")
    with translating_errors("pin inputs"):
        return find_pins(context.lake, context.run) or _record(context, context.run, datasets)


def _record(context: Context, run: str, datasets: Collection[str]) -> Pins:
    """Record what the inputs hold now, unless the run has pinned them meanwhile; return what is on record."""
    pins = _pins_now(context, _outside_inputs(context, datasets))
    row = {"run": run, "tables": pins_to_json(pins), "pinned_at": context.clock}
    ops.append_once(context.lake, "ops.pins", [row], equals("run", run))
    return find_pins(context.lake, run) or pins


def find_pins(lake: Lake, run: str) -> Pins | None:
    """Return the inputs that a run has pinned; None if it has pinned none."""
    found = ops.rows(lake, "ops.pins", equals("run", run), ("tables",))
    return pins_from_json(found[0]["tables"]) if found else None


def pinned_snapshots(context: Context, table: Table, keep_for: timedelta) -> Iterator[int]:
    """Yield the snapshots of a table that runs have pinned within `keep_for` before the clock."""
    recent = since_instant("pinned_at", context.clock - keep_for)
    for row in ops.rows(context.lake, "ops.pins", recent, ("tables",)):
        for pinned in pins_from_json(row["tables"]).values():
            if pinned.uuid == str(table.metadata.table_uuid):
                yield pinned.snapshot


def _outside_inputs(context: Context, datasets: Collection[str]) -> Sequence[str]:
    read = {window.dataset for name in datasets for window in context.spec(name).inputs.values()}
    return sorted(read.difference(datasets))


def _pins_now(context: Context, inputs: Sequence[str]) -> Pins:
    tables = {name: context.lake.ensure_table(context.spec(name)) for name in inputs}
    read = _read_by_each_other(context, tables)
    return {name: _pinned_input(context, table, read.get(name)) for name, table in tables.items()}


def _read_by_each_other(context: Context, tables: dict[str, Table]) -> dict[str, int]:
    """Return the snapshots of inputs that other inputs were built from, unless those differ."""
    wanted: dict[str, set[int]] = defaultdict(set)
    for reader, table in tables.items():
        if not _upstream(context, reader).intersection(tables):
            continue
        mark = watermark_of(table)
        read = built_from(context.lake, context.specs, reader, mark.snapshot).tables if mark is not None else {}
        for name, snapshot in read.items():
            if name in tables and name != reader:
                wanted[name].add(snapshot)
    return {name: snapshots.pop() for name, snapshots in wanted.items() if len(snapshots) == 1}


def _upstream(context: Context, dataset: str) -> set[str]:
    """Return the datasets that a dataset is built from, directly or not, by the specs."""
    found: set[str] = set()
    ahead = [dataset]
    while ahead:
        inputs = {window.dataset for window in context.spec(ahead.pop()).inputs.values()} - found
        found |= inputs
        ahead += inputs
    return found - {dataset}


def _pinned_input(context: Context, table: Table, read: int | None) -> PinnedInput:
    """Return an input as it was at the snapshot `read`, or else as it is now."""
    uuid = str(table.metadata.table_uuid)
    marks = watermarks_at(context.lake, table, read) if read is not None else ()
    if read is not None and marks:
        return PinnedInput(uuid, read, marks[-1].complete_through, marks[-1].final_through, published=True)
    head, mark = table.current_snapshot(), watermark_of(table)
    assert head is not None, "ensure_table gives each table a first snapshot"
    if mark is None:
        return PinnedInput(uuid, head.snapshot_id, None, None, published=False)
    return PinnedInput(uuid, head.snapshot_id, mark.complete_through, mark.final_through, published=True)
