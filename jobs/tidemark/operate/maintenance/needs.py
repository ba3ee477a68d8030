"""Whose snapshots of a table must stay: everything that a session, running or to come, will ask for.

- the table's own watermark, and the bases of its own open plans;
- each reader's position: it needs the whole path from there;
- each reader's open plan: a session under way reads its inputs at the plan's snapshots;
- the positions that a reader falls back to when it is rolled back, as far as rollbacks go.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from datetime import datetime, timedelta

from pyiceberg.table import Table
from pyiceberg.table.snapshots import Snapshot

from tidemark.catalog import ops
from tidemark.catalog.branches import BRANCH_LIFE
from tidemark.catalog.filters import both, from_on, one_of
from tidemark.catalog.manifests import table_name
from tidemark.lineage.ancestry import main_history
from tidemark.lineage.history import keeps_content
from tidemark.lineage.publish_commit import watermark_of
from tidemark.lineage.watermark_history import last_record, touches_of
from tidemark.state.plan import Plan
from tidemark.state.watermark import Watermark
from tidemark.steps.context import Context

KEEP_SNAPSHOTS_FOR = timedelta(days=7)
"""How far a table can be rolled back, and how long a reader that pinned a snapshot has to finish."""


def needed_snapshots(context: Context, table: Table) -> Iterator[int]:
    """Ids of snapshots that must stay, with all that came after them. Some may be gone already."""
    own = watermark_of(table)
    if own is not None:
        yield own.snapshot
    yield from (snapshot for _, snapshot in positions(context, table))
    yield from _fallbacks(context, table)
    yield from _planned(context, table)


def positions(context: Context, table: Table) -> Iterator[tuple[str, int]]:
    """Each reader's name and where its watermark stands on the table."""
    for name, reader in _readers(context, table):
        mark = watermark_of(reader)
        if mark is not None:
            yield from ((name, snapshot) for snapshot in _on(table, mark))


def _readers(context: Context, table: Table) -> Iterator[tuple[str, Table]]:
    name = table_name(table)
    for spec in context.specs.values():
        if spec.dataset != name and any(window.dataset == name for window in spec.inputs.values()):
            reader = context.lake.find_table(spec.dataset)
            if reader is not None:
                yield spec.dataset, reader


def _on(table: Table, mark: Watermark) -> Iterator[int]:
    uuid = str(table.metadata.table_uuid)
    yield from (position.snapshot for position in mark.inputs.values() if position.uuid == uuid)


def _fallbacks(context: Context, table: Table) -> Iterator[int]:
    """Where readers would stand on the table after a rollback."""
    horizon = context.clock - KEEP_SNAPSHOTS_FOR
    for name, reader in _readers(context, table):
        touches = touches_of(context.lake, name)
        for snapshot in _earlier_since(reader, horizon):
            record = last_record(touches, snapshot)
            if record is not None:
                yield from _on(table, record)


def _earlier_since(table: Table, horizon: datetime) -> Iterator[Snapshot]:
    """What main held before its head, back to the session whose rows it held at the horizon."""
    for place, snapshot in enumerate(main_history(table)):
        if place > 0:
            yield snapshot
        if snapshot.timestamp_ms <= horizon.timestamp() * 1000 and not keeps_content(snapshot):
            return


def _planned(context: Context, table: Table) -> Iterator[int]:
    """What the open plans of the table and of its readers name of it."""
    uuid = str(table.metadata.table_uuid)
    names = [table_name(table), *(name for name, _ in _readers(context, table))]
    for plan in _open_plans(context, names):
        if plan.table_uuid == uuid:
            yield plan.base_snapshot
        for planned in plan.inputs.values():
            if planned.uuid == uuid:
                wanted = (planned.from_snapshot, planned.to_snapshot, planned.read_snapshot)
                yield from (snapshot for snapshot in wanted if snapshot is not None)


def _open_plans(context: Context, datasets: Iterable[str]) -> list[Plan]:
    """Plans that no session has closed, as old at most as a branch may become."""
    since = context.clock - BRANCH_LIFE
    recent = both(one_of("dataset", datasets), from_on("planned_at", since))
    planned = {row["session"] for row in ops.rows(context.lake, "ops.sessions", recent, ("session",))}
    closed = ops.rows(context.lake, "ops.high_watermarks", from_on("committed_at", since), ("session",))
    still = planned - {row["session"] for row in closed}
    if not still:
        return []
    rows = ops.rows(context.lake, "ops.sessions", one_of("session", still), ("plan",))
    return [Plan.from_json(row["plan"]) for row in rows]
