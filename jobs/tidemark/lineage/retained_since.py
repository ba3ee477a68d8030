"""From where on an input is whole, for a reader that is built anew and reads no changes."""

from __future__ import annotations

from datetime import datetime

from pyiceberg.table import Table
from pyiceberg.table.snapshots import Snapshot

from tidemark.catalog.manifests import ancestors, live_entries
from tidemark.errors import InputChanged
from tidemark.lineage.ancestry import Walk, walk_to
from tidemark.lineage.partition_age import Age, age_of, oldest
from tidemark.lineage.retention import Keep, dropped_on


def held_since(table: Table, position: int, keep: Keep) -> datetime | None:
    """Up to when retention has taken rows out since a reader's position; None where it has taken none.

    Of an input that was rolled back the commits count that came after it left the reader's history. Where the way
    from the position has expired, or cannot be followed, what lies before all that the input holds may have been
    taken by retention, as far as it is older than what is kept.
    """
    head = table.current_snapshot()
    if head is None:
        return None
    walk = walk_to(table, head, {position, *_before(table, position)})
    try:
        known = max((d.through for d in dropped_on(table, walk.snapshots, keep).values()), default=None)
    except InputChanged:
        return _least_held(table, head, keep)
    return _least_held(table, head, keep) if _is_cut(walk) else known


def _before(table: Table, position: int) -> list[int]:
    start = table.snapshot_by_id(position)
    return [] if start is None else [snapshot.snapshot_id for snapshot in ancestors(table, start)]


def _is_cut(walk: Walk) -> bool:
    """Whether commits are missing: the walk met nothing known, and does not go back to the table's beginning."""
    return not walk.arrives and bool(walk.snapshots) and walk.snapshots[-1].parent_snapshot_id is not None


def _least_held(table: Table, head: Snapshot, keep: Keep) -> datetime:
    """The least event time in the oldest partitions, or the end of what may be dropped where that is earlier.

    Late rows in newer landing partitions are passed over: what retention took lies between them and the rest.
    """
    least: dict[Age, datetime] = {}
    for entry in live_entries(table, head):
        for span in keep.spans(table, [entry]):
            age = age_of(table, entry)
            least[age] = min(span.start, least.get(age, span.start))
    begins: dict[tuple[int, ...], datetime] = {}
    for age in oldest(least):
        columns = tuple(column for column, _, _ in age)  # partitions by other columns are no late rows of these
        begins[columns] = max(least[age], begins.get(columns, least[age]))
    return min([keep.since(head), *begins.values()])
