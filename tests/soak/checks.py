"""Compare the lake with the oracle, after recovery and while upstream does nothing."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable, Mapping
from datetime import timedelta
from typing import Any

from pyiceberg.table import Table

from tests.accounts.world import DAY, Accounts, hour
from tests.soak.ledger import Ledger
from tests.soak.oracle import complete_hours, expected, instant
from tests.soak.reader import audit_faults, content_of
from tests.soak.schedule import FEEDS, TARGETS
from tidemark.catalog import ops
from tidemark.catalog.manifests import ancestors
from tidemark.catalog.properties import BRANCH_PREFIX, SESSION, property_of
from tidemark.lineage.history import keeps_content, same_content
from tidemark.lineage.publish_commit import watermark_of
from tidemark.planning.windows import event_unit
from tidemark.state.ranges import Ranges
from tidemark.state.watermark import Watermark


def faults(world: Accounts, ledger: Ledger) -> list[str]:
    """Return a sentence for each fault of the lake."""
    found = [fault for feed in FEEDS for fault in _feed_faults(world, ledger, feed)]
    for dataset in TARGETS:
        found += [f"{dataset}: {fault}" for fault in _target_faults(world, ledger, dataset)]
    return found


def _feed_faults(world: Accounts, ledger: Ledger, feed: str) -> Iterable[str]:
    """Check that a feed holds the rows of the ledger: compaction and expiry of an input lose no rows."""
    due = Counter(
        (row.event_id, row.account_id, row.plan, instant(row.minute), hour(row.arrived)) for row in ledger.rows[feed]
    )
    found = Counter(tuple(row.values()) for row in world.table(feed).scan().to_arrow().to_pylist())
    if found != due:
        yield f"{feed}: holds {_some(found - due)} that it should not, lacks {_some(due - found)}"


def _target_faults(world: Accounts, ledger: Ledger, dataset: str) -> Iterable[str]:
    table = world.table(dataset)
    mark = watermark_of(table)
    if mark is None:
        yield "nothing was ever published"
        return
    yield from _row_faults(world, ledger, dataset, mark.overdue)
    yield from _watermark_faults(world, ledger, dataset, mark)
    yield from _history_faults(world, table)


def _row_faults(world: Accounts, ledger: Ledger, dataset: str, overdue: Ranges) -> Iterable[str]:
    """Check that the rows are those of a clean full build, except in overdue ranges."""
    time = world.context.specs[dataset].event_time or ""
    due = _counted(expected(ledger, dataset), time, overdue)
    found = _counted(world.rows(dataset), time, overdue)
    if found != due:
        yield f"holds {_some(found - due)} that it should not, lacks {_some(due - found)}"


def _counted(rows: Iterable[Mapping[str, Any]], time: str, overdue: Ranges) -> Counter[tuple[tuple[str, Any], ...]]:
    kept = (row for row in rows if not any(i.start <= row[time] < i.end for i in overdue))
    return Counter(tuple(sorted(row.items())) for row in kept)


def _some(rows: Counter[Any]) -> str:
    return f"{rows.total()} rows {list(rows)[:3]}"


def _watermark_faults(world: Accounts, ledger: Ledger, dataset: str, mark: Watermark) -> Iterable[str]:
    """Check that the target is as complete as its inputs allow, has consumed everything, and owes nothing."""
    assert event_unit(world.context.specs[dataset]) == "hour", "the soak counts in hours"
    due = hour(complete_hours(ledger, dataset))
    if mark.complete_through != due:
        yield f"is complete through {mark.complete_through}, its inputs are through {due}"
    if mark.owed:
        yield f"still owes {mark.owed}"
    for name, position in mark.inputs.items():
        source = world.table(world.context.specs[dataset].inputs[name].dataset)
        head = source.current_snapshot()
        if head is None or not same_content(source, head.snapshot_id, position.snapshot):
            yield f"stands at snapshot {position.snapshot} of {name}, which is not what {name} holds"


def _history_faults(world: Accounts, table: Table) -> Iterable[str]:
    """Check that each commit on main belongs to a session that was planned, audited and closed exactly once."""
    head = table.current_snapshot()
    assert head is not None, "the table has a watermark"
    lake = world.context.lake
    planned = Counter(row["session"] for row in ops.rows(lake, "ops.sessions", columns=("session",)))
    closed = Counter(row["session"] for row in ops.rows(lake, "ops.high_watermarks", columns=("session",)))
    mark = watermark_of(table)
    made = {mark.session} if mark else set()
    for snapshot in ancestors(table, head):
        session = property_of(snapshot, SESSION)
        if not keeps_content(snapshot) and session is None:
            yield f"snapshot {snapshot.snapshot_id} was made by no session"
        made |= {session} if session else set()
    for session in made:
        if planned[session] != 1 or closed[session] != 1:
            yield f"session {session} is planned {planned[session]} times and closed {closed[session]} times on record"
    content = content_of(table, head)
    made_by = property_of(content, SESSION) if content else None
    if content is not None and made_by is not None:
        yield from audit_faults(lake, table, content, made_by)


def litter(world: Accounts) -> int:
    """Return the number of branches that sessions left on the targets."""
    return sum(name.startswith(BRANCH_PREFIX) for dataset in TARGETS for name in world.table(dataset).refs())


def overdue_hours(world: Accounts, dataset: str) -> list[tuple[int, int]]:
    """Return the overdue ranges as first and last hours, both inclusive, as a backfill names them."""
    mark = world.watermark(dataset)
    step = timedelta(hours=1)
    return [((i.start - DAY) // step, (i.end - DAY) // step - 1) for i in (mark.overdue if mark else ())]
