"""Find the snapshots of a table that must be kept, because a running or a future session will read them.

- The snapshot of the table's own watermark, and the base snapshots of its open plans.
- Each reader's position: the reader needs the whole path from there to main's head.
- The snapshots in each reader's open plans: a running session reads its inputs at these.
- The positions that a reader returns to if it is rolled back within KEEP_SNAPSHOTS_FOR.
- The snapshots that runs have pinned within KEEP_SNAPSHOTS_FOR: their sessions may still have to read them.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from datetime import datetime, timedelta

from pyiceberg.table import Table
from pyiceberg.table.snapshots import Snapshot

from tidemark.catalog import ops
from tidemark.catalog.branches import BRANCH_LIFE
from tidemark.catalog.filters import both, one_of, since_instant
from tidemark.catalog.manifests import table_name
from tidemark.lineage.ancestry import main_history
from tidemark.lineage.history import keeps_content
from tidemark.lineage.publish_commit import watermark_of
from tidemark.lineage.watermark_history import last_record, touches_of
from tidemark.operate.pins import pinned_snapshots
from tidemark.state.plan import Plan
from tidemark.state.watermark import Watermark
from tidemark.steps.context import Context

KEEP_SNAPSHOTS_FOR = timedelta(days=7)
"""How far a table can be rolled back, and how long a run or a reader that pinned a snapshot has to finish."""


def needed_snapshots(context: Context, table: Table) -> Iterator[int]:
    """Yield the ids of snapshots that must be kept, together with all later ones. Some may have expired already."""
    own = watermark_of(table)
    if own is not None:
        yield own.snapshot
    yield from (snapshot for _, snapshot in reader_positions(context, table))
    yield from _positions_after_rollback(context, table)
    yield from _snapshots_in_open_plans(context, table)
    yield from pinned_snapshots(context, table, KEEP_SNAPSHOTS_FOR)


def reader_positions(context: Context, table: Table) -> Iterator[tuple[str, int]]:
    """Yield each reader's name and the snapshot of its position on the table."""
    for name, reader in _readers(context, table):
        watermark = watermark_of(reader)
        if watermark is not None:
            yield from ((name, snapshot) for snapshot in _positions_on(table, watermark))


def _readers(context: Context, table: Table) -> Iterator[tuple[str, Table]]:
    name = table_name(table)
    for spec in context.specs.values():
        if spec.dataset != name and any(window.dataset == name for window in spec.inputs.values()):
            reader = context.lake.find_table(spec.dataset)
            if reader is not None:
                yield spec.dataset, reader


def _positions_on(table: Table, watermark: Watermark) -> Iterator[int]:
    """Yield the snapshots of the table that a reader's watermark names as positions."""
    uuid = str(table.metadata.table_uuid)
    yield from (position.snapshot for position in watermark.inputs.values() if position.uuid == uuid)


def _positions_after_rollback(context: Context, table: Table) -> Iterator[int]:
    """Yield the positions on the table that its readers would return to after a rollback."""
    horizon = context.clock - KEEP_SNAPSHOTS_FOR
    for name, reader in _readers(context, table):
        touches = touches_of(context.lake, name)
        for snapshot in _rollback_targets(reader, horizon):
            record = last_record(touches, snapshot)
            if record is not None:
                yield from _positions_on(table, record)


def _rollback_targets(table: Table, horizon: datetime) -> Iterator[Snapshot]:
    """Yield main's snapshots before its head, back to the one whose rows main held at the horizon."""
    for place, snapshot in enumerate(main_history(table)):
        if place > 0:
            yield snapshot
        if snapshot.timestamp_ms <= horizon.timestamp() * 1000 and not keeps_content(snapshot):
            return


def _snapshots_in_open_plans(context: Context, table: Table) -> Iterator[int]:
    """Yield the snapshots of the table that its own open plans and those of its readers name."""
    uuid = str(table.metadata.table_uuid)
    names = [table_name(table), *(name for name, _ in _readers(context, table))]
    for plan in _open_plans(context, names):
        if plan.table_uuid == uuid:
            yield plan.base_snapshot
        for planned in plan.inputs.values():
            if planned.uuid == uuid:
                snapshots = (planned.from_snapshot, planned.to_snapshot, planned.read_snapshot)
                yield from (snapshot for snapshot in snapshots if snapshot is not None)


def _open_plans(context: Context, datasets: Iterable[str]) -> list[Plan]:
    """Return the plans of sessions that are not closed and not older than BRANCH_LIFE."""
    since = context.clock - BRANCH_LIFE
    recent = both(one_of("dataset", datasets), since_instant("planned_at", since))
    planned = {row["session"] for row in ops.rows(context.lake, "ops.sessions", recent, ("session",))}
    closed = ops.rows(context.lake, "ops.high_watermarks", since_instant("committed_at", since), ("session",))
    still_open = planned - {row["session"] for row in closed}
    if not still_open:
        return []
    rows = ops.rows(context.lake, "ops.sessions", one_of("session", still_open), ("plan",))
    return [Plan.from_json(row["plan"]) for row in rows]
