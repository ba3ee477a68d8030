"""The history of a table's main, and the commits in it after a known snapshot.

Use `commits_since` to find out whether a snapshot is on main.
"""

from __future__ import annotations

from collections.abc import Collection, Iterator
from dataclasses import dataclass

from pyiceberg.table import Table
from pyiceberg.table.snapshots import Snapshot

from tidemark.catalog.manifests import ancestors, table_name
from tidemark.errors import PositionLost


@dataclass(frozen=True)
class NewCommits:
    """The commits after a known snapshot, newest first.

    If `reaches_known` is False, the history does not lead back to a known snapshot; then `snapshots` is all of it.
    """

    snapshots: tuple[Snapshot, ...]
    reaches_known: bool


def main_history(table: Table) -> Iterator[Snapshot]:
    """Return main's snapshots, newest first, as far as metadata goes back."""
    head = table.current_snapshot()
    return ancestors(table, head) if head is not None else iter(())


def commits_since(table: Table, known: Collection[int], head: Snapshot | None = None) -> NewCommits:
    """Return the commits from `head`, by default main's, back to the first known snapshot, which is left out.

    A known snapshot that has expired is recognized too, as long as its child still names it as its parent.
    """
    new: list[Snapshot] = []
    for snapshot in main_history(table) if head is None else ancestors(table, head):
        if snapshot.snapshot_id in known:
            return NewCommits(tuple(new), reaches_known=True)
        new.append(snapshot)
        if snapshot.parent_snapshot_id in known:
            return NewCommits(tuple(new), reaches_known=True)
    return NewCommits(tuple(new), reaches_known=False)


def unseen_commits(table: Table, head: Snapshot, position: int, reader: str) -> tuple[Snapshot, ...]:
    """Return the commits from `head` back to a reader's position. Raises PositionLost if they do not reach it."""
    new = commits_since(table, (position,), head)
    if new.reaches_known:
        return new.snapshots
    exists = table.snapshot_by_id(position) is not None
    reason = "exists but is no longer in main's history: the input was rolled back" if exists else "has expired"
    raise PositionLost(
        f"{table_name(table)}: snapshot {position}, which the watermark names, {reason}; "
        f"what changed since then is unknown, and nothing was read. Rebuild the reader from what the input holds now: "
        f"tidemark run {reader} --resync"
    )
