"""The commits of an input's main that a reader has not seen, the newest first."""

from __future__ import annotations

from collections.abc import Collection
from dataclasses import dataclass

from pyiceberg.table import Table
from pyiceberg.table.snapshots import Snapshot

from tidemark.catalog.manifests import ancestors, table_name
from tidemark.errors import PositionLost


@dataclass(frozen=True)
class Walk:
    """Main's commits back to one that is known, the newest first; `arrives` is False where that one was not met."""

    snapshots: tuple[Snapshot, ...]
    arrives: bool


def walk_to(table: Table, head: Snapshot, known: Collection[int]) -> Walk:
    """From main's head back to the first of the snapshots that are known.

    One that expired is met as well, as long as its child on main still names it.
    """
    new: list[Snapshot] = []
    for snapshot in ancestors(table, head):
        if snapshot.snapshot_id in known:
            return Walk(tuple(new), arrives=True)
        new.append(snapshot)
        if snapshot.parent_snapshot_id in known:
            return Walk(tuple(new), arrives=True)
    return Walk(tuple(new), arrives=False)


def unseen(table: Table, head: Snapshot, position: int, reader: str) -> tuple[Snapshot, ...]:
    """The commits after a reader's position. Raises PositionLost where main does not lead back to it."""
    walk = walk_to(table, head, (position,))
    if walk.arrives:
        return walk.snapshots
    known = table.snapshot_by_id(position) is not None
    what = "exists but is no longer in main's history: the input was rolled back" if known else "has expired"
    raise PositionLost(
        f"{table_name(table)}: snapshot {position}, which the watermark names, {what}; "
        f"what changed since is unknown, and nothing was read. Rebuild the reader from what the input holds now: "
        f"tidemark run {reader} --resync"
    )
