"""Find the instant from which an input is whole, for a reader that is rebuilt and does not read its changes."""

from __future__ import annotations

from datetime import datetime

from pyiceberg.table import Table
from pyiceberg.table.snapshots import Snapshot

from tidemark.catalog.manifests import ancestors, live_entries
from tidemark.errors import InputChanged
from tidemark.lineage.ancestry import NewCommits, commits_since
from tidemark.lineage.partition_age import Age, age_of, oldest
from tidemark.lineage.retention import Keep, dropped_by_retention


def retained_since(table: Table, position: int, keep: Keep) -> datetime | None:
    """Return the instant through which retention has removed rows since a reader's position; None if it removed none.

    If the input was rolled back, only the commits after the point where main left the reader's history count. If the
    history since the position has expired, or cannot be followed, retention may have removed everything before the
    rows that the input holds, as far as that is older than `keep`; then the instant follows from those rows.
    """
    head = table.current_snapshot()
    if head is None:
        return None
    new = commits_since(table, {position, *_ancestor_ids(table, position)})
    try:
        dropped = dropped_by_retention(table, new.snapshots, keep)
    except InputChanged:
        return _earliest_held(table, head, keep)
    if _is_cut(new):
        return _earliest_held(table, head, keep)
    return max((d.through for d in dropped.values()), default=None)


def _ancestor_ids(table: Table, position: int) -> list[int]:
    start = table.snapshot_by_id(position)
    return [] if start is None else [snapshot.snapshot_id for snapshot in ancestors(table, start)]


def _is_cut(new: NewCommits) -> bool:
    """Return whether commits are missing: they reach no known snapshot, and not the table's first one either."""
    return not new.reaches_known and bool(new.snapshots) and new.snapshots[-1].parent_snapshot_id is not None


def _earliest_held(table: Table, head: Snapshot, keep: Keep) -> datetime:
    """Return the earliest event time in the oldest partitions, or the start of what is kept if that is earlier.

    Late rows do not count, because retention may have removed rows with later event times than theirs. They lie in
    newer landing partitions.
    """
    least: dict[Age, datetime] = {}
    for entry in live_entries(table, head):
        for span in keep.spans(table, [entry]):
            age = age_of(table, entry)
            least[age] = min(span.start, least.get(age, span.start))
    starts: dict[tuple[int, ...], datetime] = {}
    for age in oldest(least):
        columns = tuple(column for column, _, _ in age)  # partitions of another layout are looked at on their own
        starts[columns] = max(least[age], starts.get(columns, least[age]))
    return min([keep.start(head), *starts.values()])
