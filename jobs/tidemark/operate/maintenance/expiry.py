"""Expire snapshots up to the oldest one that somebody needs, and name the readers that hold it back."""

from __future__ import annotations

from datetime import UTC, datetime

from pyiceberg.table import Table
from pyiceberg.table.snapshots import Snapshot

from tidemark.catalog.manifests import ancestors
from tidemark.lineage.ancestry import main_history
from tidemark.lineage.history import keeps_content
from tidemark.operate.maintenance.needs import KEEP_SNAPSHOTS_FOR, needed_snapshots, positions
from tidemark.operate.maintenance.procedures import call
from tidemark.state.ranges import format_instant
from tidemark.steps.context import Context

FAR_BEHIND = KEEP_SNAPSHOTS_FOR
"""A reader with unread changes older than this holds expiry back, and is named."""


def expire(context: Context, dataset: str) -> int | None:
    """Expire what is older than every need; how many snapshots went, None where a session was there first."""
    table = context.lake.table(dataset)
    until = expirable_until(context, table)
    heads = {ref.snapshot_id for ref in table.refs().values()}
    if not any(_made_at(s) < until for s in table.snapshots() if s.snapshot_id not in heads):
        return 0
    before = len(table.snapshots())
    if call(context, "expire_snapshots", dataset, older_than=until) is None:
        return None
    return before - len(context.lake.table(dataset).snapshots())


def expirable_until(context: Context, table: Table) -> datetime:
    """The instant before which no snapshot is needed.

    What main held at the horizon counts as needed, and the session whose rows these were: the table can be rolled
    back to it, and the rollback adopted.
    """
    horizon = context.clock - KEEP_SNAPSHOTS_FOR
    line = list(main_history(table))
    held = next((s.snapshot_id for s in line if _made_at(s) <= horizon and not keeps_content(s)), None)
    wanted = [*needed_snapshots(context, table), *([held] if held is not None else [])]
    return min([horizon, *(since for snapshot in wanted if (since := _path_since(table, line, snapshot)))])


def laggards(context: Context, dataset: str) -> list[str]:
    """A line for each reader that stands far behind, with what it holds back and what to do."""
    table = context.lake.table(dataset)
    lines = []
    for reader, position in positions(context, table):
        unread = _oldest_unread(table, position)
        if unread is not None and context.clock - unread > FAR_BEHIND:
            days = (context.clock - unread).days
            lines.append(
                f"{reader} stands {days} days behind {dataset}: nothing newer than {format_instant(unread)} can be "
                f"expired; run it, or take its spec away"
            )
    return lines


def _oldest_unread(table: Table, position: int) -> datetime | None:
    unread = None
    for snapshot in main_history(table):
        if snapshot.snapshot_id == position:
            return unread
        if not keeps_content(snapshot):
            unread = _made_at(snapshot)
    return None


def _path_since(table: Table, line: list[Snapshot], snapshot_id: int) -> datetime | None:
    """The least commit time from a snapshot to main's head, or, off main, to where it left main.

    Of one that has expired its child on main stands at the end of the path: it still leads back to it. Commit times
    may run back, so the least counts and not the snapshot's own.
    """
    ids = [snapshot.snapshot_id for snapshot in line]
    parents = [snapshot.parent_snapshot_id for snapshot in line]
    if snapshot_id in ids:
        path = line[: ids.index(snapshot_id) + 1]
    elif snapshot_id in parents:
        path = line[: parents.index(snapshot_id) + 1]
    else:
        start = table.snapshot_by_id(snapshot_id)
        off = list(ancestors(table, start)) if start is not None else []
        path = [snapshot for snapshot in off if snapshot.snapshot_id not in ids]
    return min((_made_at(snapshot) for snapshot in path), default=None)


def _made_at(snapshot: Snapshot) -> datetime:
    return datetime.fromtimestamp(snapshot.timestamp_ms / 1000, UTC)
