"""Expire snapshots up to the oldest one that somebody needs, and name the readers that hold expiry back."""

from __future__ import annotations

from datetime import UTC, datetime

from pyiceberg.table import Table
from pyiceberg.table.snapshots import Snapshot

from tidemark.catalog.manifests import ancestors
from tidemark.lineage.ancestry import main_history
from tidemark.lineage.history import keeps_content
from tidemark.operate.maintenance.needs import KEEP_SNAPSHOTS_FOR, needed_snapshots, reader_positions
from tidemark.operate.maintenance.procedures import call
from tidemark.state.ranges import format_instant
from tidemark.steps.context import Context

FAR_BEHIND = KEEP_SNAPSHOTS_FOR
"""A reader with unread changes older than this holds expiry back, and is named."""


def expire(context: Context, dataset: str) -> int | None:
    """Expire the snapshots that nobody needs.

    Returns the number of expired snapshots; None if a session committed first.
    """
    table = context.lake.table(dataset)
    until = expirable_until(context, table)
    heads = {ref.snapshot_id for ref in table.refs().values()}
    if not any(_committed_at(s) < until for s in table.snapshots() if s.snapshot_id not in heads):
        return 0
    before = len(table.snapshots())
    if call(context, "expire_snapshots", dataset, older_than=until) is None:
        return None
    return before - len(context.lake.table(dataset).snapshots())


def expirable_until(context: Context, table: Table) -> datetime:
    """Return the instant before which no snapshot is needed.

    The snapshot whose rows main held at the horizon is needed too: the table can be rolled back to it, and the
    rollback can be adopted.
    """
    horizon = context.clock - KEEP_SNAPSHOTS_FOR
    main = list(main_history(table))
    at_horizon = next((s.snapshot_id for s in main if _committed_at(s) <= horizon and not keeps_content(s)), None)
    needed = [*needed_snapshots(context, table), *([at_horizon] if at_horizon is not None else [])]
    return min([horizon, *(since for snapshot in needed if (since := _path_since(table, main, snapshot)))])


def lagging_readers(context: Context, dataset: str) -> list[str]:
    """Return a line for each reader that is far behind: what it holds back, and what to do."""
    table = context.lake.table(dataset)
    lines = []
    for reader, position in reader_positions(context, table):
        unread = _oldest_unread(table, position)
        if unread is not None and context.clock - unread > FAR_BEHIND:
            days = (context.clock - unread).days
            lines.append(
                f"{reader} is {days} days behind {dataset}: no snapshot after {format_instant(unread)} can be "
                f"expired. Run {reader}, or remove its spec"
            )
    return lines


def _oldest_unread(table: Table, position: int) -> datetime | None:
    """Return when the oldest change after a position was committed; None if all is read or the position is gone."""
    unread = None
    for snapshot in main_history(table):
        if snapshot.snapshot_id == position:
            return unread
        if not keeps_content(snapshot):
            unread = _committed_at(snapshot)
    return None


def _path_since(table: Table, main: list[Snapshot], snapshot_id: int) -> datetime | None:
    """Return the earliest commit time on the path from main's head back to a snapshot; None if there is no path.

    If the snapshot is not on main, the path is that of its own ancestors back to where they left main. If the
    snapshot has expired, the path ends at its child on main, which still names it as its parent. Clocks may run
    backwards, so the earliest time on the path is used and not the snapshot's own.
    """
    ids = [snapshot.snapshot_id for snapshot in main]
    parents = [snapshot.parent_snapshot_id for snapshot in main]
    if snapshot_id in ids:
        path = main[: ids.index(snapshot_id) + 1]
    elif snapshot_id in parents:
        path = main[: parents.index(snapshot_id) + 1]
    else:
        start = table.snapshot_by_id(snapshot_id)
        lineage = list(ancestors(table, start)) if start is not None else []
        path = [snapshot for snapshot in lineage if snapshot.snapshot_id not in ids]
    return min((_committed_at(snapshot) for snapshot in path), default=None)


def _committed_at(snapshot: Snapshot) -> datetime:
    return datetime.fromtimestamp(snapshot.timestamp_ms / 1000, UTC)
