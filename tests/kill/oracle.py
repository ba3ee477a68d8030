"""Check a lake, and yield a sentence for each fault."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterator
from dataclasses import replace
from datetime import datetime
from typing import Any

from pyiceberg.table import Table
from pyiceberg.table.snapshots import Snapshot

from tests.accounts.world import Accounts
from tests.kill.lakes import Stage, Template
from tidemark import session
from tidemark.catalog import ops
from tidemark.catalog.manifests import ancestors
from tidemark.catalog.properties import BRANCH_PREFIX, SESSION, audited_snapshot, property_of
from tidemark.lineage.history import keeps_content
from tidemark.lineage.publish_commit import watermark_of
from tidemark.state.effect import How


def at_death(lake: Accounts, template: Template, died: str) -> Iterator[str]:
    """Check that readers see the old or the new rows, and that the watermark says which."""
    table = lake.context.lake.find_table(template.world.dataset)
    mark = watermark_of(table) if table is not None else None
    published = mark is not None and mark.session == died
    found = lake.rows(template.world.dataset) if table is not None and table.current_snapshot() else []
    if found != template.expected("news" if published else "before", lake):
        yield f"at death main does not hold what its watermark says ({'new' if published else 'old'})"


def after(lake: Accounts, template: Template, stage: Stage, clock: datetime) -> Iterator[str]:
    """Check everything that must be true after recovery."""
    dataset = template.world.dataset
    if lake.rows(dataset) != template.expected(stage, lake):
        yield "the published rows are not those of a clean rebuild"
    if session.plan(replace(lake.context, clock=clock), dataset).how is not How.nothing:
        yield "something is left to do"
    yield from _watermark(lake, dataset)
    yield from _explained(lake, dataset)
    yield from _landed_once(lake, dataset)


def published_once(lake: Accounts, dataset: str, died: str) -> Iterator[str]:
    """Check that the session that died is the one that was published."""
    mark = lake.watermark(dataset)
    if died and (mark is None or mark.session != died):
        yield f"session {died} was not published"


def litter(lake: Accounts, dataset: str) -> list[str]:
    """Return the branches of sessions that nobody needs any more."""
    return sorted(name for name in lake.table(dataset).refs() if name.startswith(BRANCH_PREFIX))


def _watermark(lake: Accounts, dataset: str) -> Iterator[str]:
    """Check that the watermark names snapshots that main and the inputs hold, and is not ahead of the inputs."""
    table = lake.table(dataset)
    mark = watermark_of(table)
    if mark is None:
        yield "there is no watermark"
        return
    if mark.snapshot not in _ids(table):
        yield "the watermark's snapshot is not on main"
    for name, position in mark.inputs.items():
        source = lake.table(lake.context.specs[dataset].inputs[name].dataset)
        if position.snapshot not in _ids(source):
            yield f"the watermark stands on a snapshot that {name} does not hold"
        known = watermark_of(source)
        through = known.complete_through if known else None
        if through and mark.complete_through and mark.complete_through > through:
            yield f"the watermark is ahead of {name}"


def _explained(lake: Accounts, dataset: str) -> Iterator[str]:
    """Check that each snapshot on main that changed rows has one plan, one row of a closed session, a passed audit."""
    planned = Counter(row["session"] for row in _rows(lake, "ops.sessions", dataset))
    closed = {row["session"]: row["snapshot"] for row in _rows(lake, "ops.high_watermarks", dataset)}
    yield from (f"{name} is planned {count} times" for name, count in planned.items() if count > 1)
    if len(closed) != len(_rows(lake, "ops.high_watermarks", dataset)):
        yield "a session is closed twice"
    mark = lake.watermark(dataset)
    if mark is not None and mark.session not in closed:
        yield f"the newest session {mark.session} is not closed"
    audited = {row["snapshot_id"] for row in _rows(lake, "ops.audit_results", dataset) if row["passed"]}
    made = [s for s in _main(lake.table(dataset)) if not keeps_content(s)]
    by = Counter(property_of(snapshot, SESSION) for snapshot in made)
    yield from (f"session {name} is {count} times on main" for name, count in by.items() if count > 1)
    for snapshot in made:
        name = property_of(snapshot, SESSION)
        if name not in planned or closed.get(name) != snapshot.snapshot_id or audited_snapshot(snapshot) not in audited:
            yield f"snapshot {snapshot.snapshot_id} of session {name} is not explained by ops"


def _landed_once(lake: Accounts, dataset: str) -> Iterator[str]:
    """Check that each existing file was landed exactly once."""
    if lake.context.specs[dataset].mode != "source":
        return
    landed = Counter(row["path"] for row in _rows(lake, "ops.landed_files", dataset))
    folder = lake.settings.landing
    there = {path.relative_to(folder).as_posix() for path in folder.rglob("*.jsonl")}
    if set(landed) != there or any(count > 1 for count in landed.values()):
        yield f"files are there: {sorted(there)}; landed are: {dict(landed)}"


def _rows(lake: Accounts, table: str, dataset: str) -> list[dict[str, Any]]:
    return ops.rows(lake.context.lake, table, ops.of_dataset(dataset))


def _main(table: Table) -> Iterator[Snapshot]:
    head = table.current_snapshot()
    return ancestors(table, head) if head else iter(())


def _ids(table: Table) -> set[int]:
    return {snapshot.snapshot_id for snapshot in _main(table)}
