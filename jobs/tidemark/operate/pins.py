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
from tidemark.lineage.target_integrity import check_input_integrity
from tidemark.lineage.watermark_history import watermarks_at
from tidemark.operate.session_outcomes import COLUMNS, Outcome, with_outcomes
from tidemark.state.pin import PinnedInput, Pins, pins_from_json, pins_to_json
from tidemark.steps.context import Context
from tidemark.support.error_translation import translating_errors


def pin_inputs(context: Context, datasets: Collection[str]) -> Pins:
    """Record the snapshots that the sessions of `datasets` read in this run, and return them.

    An input is pinned as it is now. If another input was built from it, it is pinned as that one has read it, so that
    the two belong together. Datasets of `datasets` are not pinned: each session reads what the run has published. If
    the run has pinned its inputs before and a session of it has published, nothing changes. If none has, the run
    pins again, because somebody may have corrected an input meanwhile.

    Raises RequestRefused if the run has no name, InputChanged if an input was changed by hand.
    """
    if context.run is None:
        raise RequestRefused("only a named run can pin its inputs; without a scheduler, inputs are read as they are")
    with translating_errors("pin inputs"):
        known = find_pins(context.lake, context.run)
        if known is not None and _has_published(context.lake, context.run):
            return known
        return _record(context, context.run, datasets, known)


def _record(context: Context, run: str, datasets: Collection[str], known: Pins | None) -> Pins:
    """Record what the inputs hold now, and return it. If that is known already, nothing is written."""
    pins = _pins_now(context, _outside_inputs(context, datasets))
    if pins != known:
        ops.append(context.lake, "ops.pins", [{"run": run, "tables": pins_to_json(pins), "pinned_at": context.clock}])
    return pins


def _has_published(lake: Lake, run: str) -> bool:
    """Whether a session of a run has published. The next ones then have to read what it has read."""
    sessions = with_outcomes(lake, ops.rows(lake, "ops.sessions", equals("run", run), COLUMNS))
    return any(session.outcome in (Outcome.closed, Outcome.published) for session in sessions)


def find_pins(lake: Lake, run: str) -> Pins | None:
    """Return the inputs that a run has pinned last; None if it has pinned none."""
    found = ops.rows(lake, "ops.pins", equals("run", run), ("tables", "recorded_at"))
    newest = max(found, key=lambda row: row["recorded_at"], default=None)
    return pins_from_json(newest["tables"]) if newest else None


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
    """Return an input as it was at the snapshot `read`, or else as it is now.

    Raises InputChanged if main was changed by hand: the watermark would then promise more than main holds.
    """
    check_input_integrity(context.lake, table)
    uuid = str(table.metadata.table_uuid)
    marks = watermarks_at(context.lake, table, read) if read is not None else ()
    if read is not None and marks:
        return PinnedInput(uuid, read, marks[-1].complete_through, marks[-1].final_through, published=True)
    head, mark = table.current_snapshot(), watermark_of(table)
    assert head is not None, "ensure_table gives each table a first snapshot"
    if mark is None:
        return PinnedInput(uuid, head.snapshot_id, None, None, published=False)
    return PinnedInput(uuid, head.snapshot_id, mark.complete_through, mark.final_through, published=True)
