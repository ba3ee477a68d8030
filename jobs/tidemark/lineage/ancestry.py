"""The commits on an input's main that a reader has not seen yet, newest first."""

from __future__ import annotations

from collections.abc import Collection
from dataclasses import dataclass

from pyiceberg.table import Table
from pyiceberg.table.snapshots import Snapshot

from tidemark.catalog.manifests import ancestors, table_name
from tidemark.errors import PositionLost


@dataclass(frozen=True)
class NewCommits:
    """Main's commits after a known snapshot, newest first.

    If `reaches_known` is False, main's history does not lead back to a known snapshot; then `snapshots` is all of it.
    """

    snapshots: tuple[Snapshot, ...]
    reaches_known: bool


def commits_since(table: Table, head: Snapshot, known: Collection[int]) -> NewCommits:
    """Return the commits from main's head back to the first known snapshot, which is left out.

    A known snapshot that has expired is recognized too, as long as its child on main still names it as its parent.
    """
    new: list[Snapshot] = []
    for snapshot in ancestors(table, head):
        if snapshot.snapshot_id in known:
            return NewCommits(tuple(new), reaches_known=True)
        new.append(snapshot)
        if snapshot.parent_snapshot_id in known:
            return NewCommits(tuple(new), reaches_known=True)
    return NewCommits(tuple(new), reaches_known=False)


def unseen_commits(table: Table, head: Snapshot, position: int, reader: str) -> tuple[Snapshot, ...]:
    """Return the commits after a reader's position. Raises PositionLost if main does not lead back to it."""
    new = commits_since(table, head, (position,))
    if new.reaches_known:
        return new.snapshots
    exists = table.snapshot_by_id(position) is not None
    reason = "exists but is no longer in main's history: the input was rolled back" if exists else "has expired"
    raise PositionLost(
        f"{table_name(table)}: snapshot {position}, which the watermark names, {reason}; "
        f"what changed since then is unknown, and nothing was read. Rebuild the reader from what the input holds now: "
        f"tidemark run {reader} --resync"
    )
