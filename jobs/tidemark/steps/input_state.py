"""Gather the state of a dataset's inputs: their columns, their completeness, and what changed since the watermark."""

from __future__ import annotations

from dataclasses import replace
from datetime import datetime

from pyiceberg.table import Table
from pyiceberg.table.snapshots import Snapshot

from tidemark.catalog.evolution import check_readable
from tidemark.catalog.manifests import table_name
from tidemark.errors import PositionLost
from tidemark.lineage.ancestry import commits_since
from tidemark.lineage.changes import changes_since, row_times
from tidemark.lineage.history import readable_snapshot
from tidemark.lineage.retained_since import retained_since
from tidemark.lineage.retention import Keep
from tidemark.lineage.target_integrity import check_input_integrity
from tidemark.lineage.touched_times import with_touched_times
from tidemark.planning import InputState
from tidemark.planning.draft import latest
from tidemark.spec import DatasetSpec, InputSpec
from tidemark.state.changes import Changes
from tidemark.state.ranges import BEGINNING
from tidemark.state.watermark import Position, Watermark
from tidemark.steps.context import Context
from tidemark.steps.pinned import extent_of


def input_table(context: Context, spec: DatasetSpec, window: InputSpec, target: Table) -> Table:
    """Return the table of an input; `target` itself if the dataset reads its own rows.

    Raises ColumnsDiffer if the table lacks columns of its spec.
    """
    if window.dataset == spec.dataset:
        return target
    table = context.lake.ensure_table(context.spec(window.dataset))
    check_readable(table, context.spec(window.dataset))
    return table


def input_state(
    context: Context, spec: DatasetSpec, window: InputSpec, table: Table, watermark: Watermark | None, resync: bool
) -> InputState:
    """Return the state of an input, and what changed in it since the target's watermark.

    Raises InputChanged if the input was rolled back or lost its watermark, PositionLost if the target's position is
    no longer in its history.
    """
    own = window.dataset == spec.dataset
    input_spec = context.spec(window.dataset)
    event_time = window.event_time or input_spec.event_time
    if not own:
        check_input_integrity(context.lake, table)
    keep = _keep(context, spec, window, event_time)
    seen = watermark.inputs.get(window.name) if watermark and not resync else None
    extent = extent_of(context, table, seen)
    changes = _own_changes(table) if own else _changes(table, spec.dataset, seen, event_time, keep, extent.head)
    if window.touches is not None:
        changes = with_touched_times(table, changes, window.touches, spec.dataset)
    return InputState(
        spec=replace(window, event_time=event_time),
        uuid=str(table.metadata.table_uuid),
        head=changes.to_snapshot,
        changes=changes,
        complete_through=extent.complete_through,
        final_through=extent.final_through,
        published=extent.published,
        bounds=bounds_reader(spec, input_spec),
        own=own,
        at_position=readable_snapshot(table, seen.snapshot) if seen else None,
        held_from=latest(changes.dropped_through, _held_from(table, watermark, window, seen, keep)),
        note=extent.note,
    )


def bounds_reader(reader: DatasetSpec, read: DatasetSpec) -> bool:
    """Return whether the completeness of a dataset limits that of a reader.

    Static inputs, inputs without event time, and the reader's own rows set no limit.
    """
    static = read.landing is not None and read.landing.completeness == "static"
    return not static and read.dataset != reader.dataset and read.event_time is not None


def _keep(context: Context, spec: DatasetSpec, window: InputSpec, event_time: str | None) -> Keep | None:
    if window.keep is None or event_time is None or window.dataset == spec.dataset:
        return None
    return Keep(window.keep, event_time, context.clock, spec.dataset)


def _held_from(
    table: Table, watermark: Watermark | None, window: InputSpec, seen: Position | None, keep: Keep | None
) -> datetime | None:
    """Return the instant from which the input is whole, as far as the changes since the position do not show it.

    The watermark remembers it for this very table, by its uuid; a table that was dropped and created again starts
    without. If the changes are not read (a resync, or an input that is new in the spec), retention since then is
    looked up as well.
    """
    position = _position_on(table, watermark, window)
    if position is None or keep is None or seen is not None:
        return position.held_from if position else None
    return latest(position.held_from, retained_since(table, position.snapshot, keep))


def _position_on(table: Table, watermark: Watermark | None, window: InputSpec) -> Position | None:
    """Return the target's position on a table: that of this input, or of another input that reads the same table.

    The second matters for an input with a `keep` whose name is new in the spec: what retention dropped is gone for
    it as well.
    """
    known = watermark.inputs if watermark else {}
    here = {name: p for name, p in known.items() if p.uuid == str(table.metadata.table_uuid)}
    if window.name in here or window.keep is None:
        return here.get(window.name)
    return max(here.values(), key=lambda position: position.held_from or BEGINNING, default=None)


def _changes(
    table: Table,
    reader: str,
    position: Position | None,
    event_time: str | None,
    keep: Keep | None,
    head: Snapshot | None,
) -> Changes:
    if position is not None and position.uuid != str(table.metadata.table_uuid):
        raise PositionLost(
            f"{table_name(table)}: the table was dropped and created again since the reader's watermark; nothing was "
            f"read. Rebuild the reader from what the table holds now: tidemark run {reader} --resync"
        )
    _check_read_ahead(table, reader, position.read_ahead if position else None)
    return changes_since(table, position.snapshot if position else None, event_time, reader, keep, head)


def _check_read_ahead(table: Table, reader: str, read_ahead: int | None) -> None:
    """Raise PositionLost if a snapshot that a backfill read ahead of the position is no longer in main's history."""
    if read_ahead is None or commits_since(table, (read_ahead,)).reaches_known:
        return
    raise PositionLost(
        f"{table_name(table)}: snapshot {read_ahead}, which a backfill of {reader} has read, is no longer in main's "
        f"history: the input was rolled back, and {reader} may hold rows that the input no longer has. Nothing was "
        f"read. Rebuild the reader from what the input holds now: tidemark run {reader} --resync"
    )


def _own_changes(table: Table) -> Changes:
    head = table.current_snapshot()
    assert head is not None, "ensure_table creates each table with a first snapshot"
    return Changes(None, head.snapshot_id, 0, 0, 0, ())


def with_row_times(table: Table, state: InputState, reader: str) -> InputState:
    """Add the event times of the rows that the input holds, read from the bounds of its files."""
    column = state.spec.event_time
    if column is None:
        return state
    return replace(state, row_times=row_times(table, state.head, column, reader))
