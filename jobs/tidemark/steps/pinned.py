"""How far a session reads an input, and how far the input was complete there: main's head, or what its run pinned."""

from __future__ import annotations

from dataclasses import dataclass, replace
from datetime import datetime

from pyiceberg.table import Table
from pyiceberg.table.snapshots import Snapshot

from tidemark.catalog.manifests import table_name
from tidemark.lineage.ancestry import main_history
from tidemark.lineage.publish_commit import watermark_of
from tidemark.lineage.watermark_history import watermarks_at
from tidemark.planning.draft import latest
from tidemark.planning.pins import Unreachable, read_end
from tidemark.state.pin import PinnedInput
from tidemark.state.watermark import Position
from tidemark.steps.context import Context


@dataclass(frozen=True)
class Extent:
    """The last snapshot of an input that a session reads, the completeness that held there, and a note for people.

    `head` is None if the table has no snapshot yet.
    """

    head: Snapshot | None
    complete_through: datetime | None
    final_through: datetime | None
    published: bool
    note: str | None = None


def extent_of(context: Context, table: Table, seen: Position | None) -> Extent:
    """Return how far a session reads an input. `seen` is the target's position on it."""
    now = _now(table)
    pinned = context.pins.get(table_name(table))
    if pinned is None:
        return now
    if pinned.uuid != str(table.metadata.table_uuid):
        return _as_it_is(table, now, "the table was dropped and created again since the run began")
    read = (seen.snapshot, seen.read_ahead) if seen else (None, None)
    end = read_end([snapshot.snapshot_id for snapshot in main_history(table)], pinned.snapshot, *read)
    if isinstance(end, Unreachable):
        return _as_it_is(table, now, _why_unreachable(table, pinned))
    if end.passed:
        return _beyond(context, table, now, end.snapshot, pinned)
    return _at_pin(table, now, pinned, seen)


def _now(table: Table) -> Extent:
    mark = watermark_of(table)
    if mark is None:
        return Extent(table.current_snapshot(), None, None, published=False)
    return Extent(table.current_snapshot(), mark.complete_through, mark.final_through, published=True)


def _as_it_is(table: Table, now: Extent, reason: str) -> Extent:
    return replace(now, note=f"{table_name(table)} is read as it is now and not as pinned: {reason}")


def _why_unreachable(table: Table, pinned: PinnedInput) -> str:
    exists = table.snapshot_by_id(pinned.snapshot) is not None
    return f"snapshot {pinned.snapshot} " + ("is no longer in main's history" if exists else "has expired")


def _beyond(context: Context, table: Table, now: Extent, snapshot_id: int, pinned: PinnedInput) -> Extent:
    """Return the extent of an input of which the target has read more than what is pinned."""
    marks = watermarks_at(context.lake, table, snapshot_id)
    if not marks:
        return _as_it_is(
            table, now, f"snapshot {snapshot_id} was read already, and how far it is complete is not on record"
        )
    return Extent(
        table.snapshot_by_id(snapshot_id),
        marks[-1].complete_through,
        marks[-1].final_through,
        published=True,
        note=f"{table_name(table)} is read up to snapshot {snapshot_id}, which this table has read already; "
        f"the run pinned the earlier snapshot {pinned.snapshot}",
    )


def _at_pin(table: Table, now: Extent, pinned: PinnedInput, seen: Position | None) -> Extent:
    complete = pinned.complete_through
    if seen is not None and seen.snapshot == pinned.snapshot:  # the input may have become complete without new rows
        complete = latest(complete, seen.complete_through)
    later = now.head is not None and now.head.snapshot_id != pinned.snapshot
    note = f"{table_name(table)} is read as pinned, at snapshot {pinned.snapshot}; a later run reads what came after it"
    return Extent(
        table.snapshot_by_id(pinned.snapshot),
        complete,
        pinned.final_through,
        pinned.published,
        note if later else None,
    )
