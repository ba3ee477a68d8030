"""A process that polls main of each target, and looks for what no reader may ever see.

Of each metadata version of a target that it meets it asks: do main and watermark belong together, did the
snapshot pass its audit before it was published, are all its rows there, and did the watermark go forward.
"""

from __future__ import annotations

import json
import time
from collections.abc import Iterable
from dataclasses import dataclass, field
from pathlib import Path

from pyiceberg.table import Table
from pyiceberg.table.snapshots import Snapshot

from tests.soak.schedule import TARGETS
from tidemark.catalog import Lake, ops
from tidemark.catalog.manifests import ancestors
from tidemark.catalog.properties import CONTENT, CREATED, SESSION, audited_snapshot, property_of
from tidemark.lineage.history import keeps_content
from tidemark.lineage.publish_commit import watermark_of
from tidemark.settings import Settings
from tidemark.state.plan import Plan
from tidemark.state.watermark import Watermark

EVERY = 0.05
"""Seconds between two polls of all targets."""


@dataclass
class Seen:
    """What the reader saw, and each fault as a sentence."""

    polls: int = 0
    states: int = 0
    rows: int = 0
    faults: list[str] = field(default_factory=list)

    def to_json(self) -> str:
        """Return everything as JSON."""
        return json.dumps(self.__dict__)

    @staticmethod
    def read(path: Path) -> Seen:
        """Read what a reader wrote when it stopped. If it died, it wrote nothing, which is a fault."""
        if not path.exists():
            return Seen(faults=["the reader did not come to its end"])
        return Seen(**json.loads(path.read_text(encoding="utf-8")))


def look_on(settings: Settings, output: Path, stop: Path) -> None:
    """Poll until the stop file exists, then write what was seen."""
    lake = Lake(settings)
    seen = Seen()
    known: dict[str, Watermark | None] = {}
    states: set[tuple[str, int, str]] = set()
    while not stop.exists():
        for dataset in TARGETS:
            try:
                _poll(lake, dataset, known, states, seen)
            except Exception as error:
                seen.faults.append(f"{dataset}: the reader could not read: {type(error).__name__}: {error}")
        time.sleep(EVERY)
    output.write_text(seen.to_json(), encoding="utf-8")


def _poll(
    lake: Lake, dataset: str, known: dict[str, Watermark | None], states: set[tuple[str, int, str]], seen: Seen
) -> None:
    seen.polls += 1
    table = lake.find_table(dataset)
    head = table.current_snapshot() if table is not None else None
    if table is None or head is None:
        return
    mark = watermark_of(table)
    state = (dataset, head.snapshot_id, mark.session if mark else "")
    if state in states:
        return
    states.add(state)
    seen.states += 1
    seen.faults.extend(f"{dataset}, main {head.snapshot_id}: {fault}" for fault in _faults(lake, table, head, mark))
    seen.faults.extend(f"{dataset}: {fault}" for fault in _steps_back(known.get(dataset), mark))
    seen.rows += _read_rows(lake, table, head, seen)
    known[dataset] = mark


def _faults(lake: Lake, table: Table, head: Snapshot, mark: Watermark | None) -> Iterable[str]:
    published = content_of(table, head)
    if published is None or property_of(published, CONTENT) == CREATED:
        if mark is not None and not _is_touch_on(lake, mark, head):
            yield f"the watermark of session {mark.session} lies on a table that no session filled"
        return
    made_by = property_of(published, SESSION)
    if made_by is None:
        yield f"snapshot {published.snapshot_id} was made by no session"
        return
    yield from audit_faults(lake, table, published, made_by)
    if mark is None:
        yield f"session {made_by} is on main without a watermark"
    elif mark.session != made_by and not _is_touch_on(lake, mark, published):
        yield f"the watermark is that of session {mark.session}, main that of session {made_by}"
    elif mark.session == made_by and mark.snapshot != published.snapshot_id:
        yield f"the watermark names snapshot {mark.snapshot}, session {made_by} published {published.snapshot_id}"


def content_of(table: Table, head: Snapshot) -> Snapshot | None:
    """Return the commit that gave main its rows. Later compactions are skipped."""
    for snapshot in ancestors(table, head):
        if property_of(snapshot, CONTENT) == CREATED or not keeps_content(snapshot):
            return snapshot
    return None


def _is_touch_on(lake: Lake, mark: Watermark, published: Snapshot) -> bool:
    """Return whether the watermark's session left main where it was, on this snapshot or one with the same rows."""
    found = ops.rows(lake, "ops.sessions", ops.of_session(mark.session), ("plan",))
    if not found:
        return False
    plan = Plan.from_json(found[0]["plan"])
    return plan.base_snapshot == mark.snapshot


def audit_faults(lake: Lake, table: Table, published: Snapshot, session: str) -> Iterable[str]:
    """Yield the faults of a published snapshot's audit, as it was recorded when main moved to it."""
    results = lake.table("ops.audit_results")
    then = _as_it_stood(results, _moved_at(table, published))
    if then is None:
        yield f"no audit was on record when session {session} was published"
        return
    found = results.scan(ops.of_session(session), snapshot_id=then.snapshot_id).to_arrow().to_pylist()
    rows = [row for row in found if row["snapshot_id"] == audited_snapshot(published)]
    if not rows:
        yield f"session {session} was published before its audit was on record"
    for row in rows:
        if not row["passed"] and row["severity"] != "warn":
            yield f"session {session} was published though its audit failed: {row['check']}: {row['observed']}"


def _moved_at(table: Table, published: Snapshot) -> int | None:
    """Return when main moved to a snapshot, in milliseconds; None if the table's log no longer has it."""
    moved = [e.timestamp_ms for e in table.metadata.snapshot_log if e.snapshot_id == published.snapshot_id]
    return moved[0] if moved else None


def _as_it_stood(table: Table, moment: int | None) -> Snapshot | None:
    """Return the head of a table at a moment; the oldest remaining snapshot if that one has expired."""
    line = list(ancestors(table, _head(table)))
    for snapshot in line:
        if moment is None or snapshot.timestamp_ms <= moment:
            return snapshot
    return line[-1] if _stands_on_others(line[-1]) else None


def _stands_on_others(oldest: Snapshot) -> bool:
    """Return whether there were earlier snapshots. If history was cut, the oldest snapshot has no parent any more."""
    said = oldest.summary
    return said is not None and said["total-records"] != said["added-records"]


def _head(table: Table) -> Snapshot:
    head = table.current_snapshot()
    assert head is not None, "a table of ops that has a reader has rows"
    return head


def _steps_back(before: Watermark | None, now: Watermark | None) -> Iterable[str]:
    if before is None:
        return
    if now is None:
        yield f"the watermark of session {before.session} is gone"
    elif before.complete_through and (not now.complete_through or now.complete_through < before.complete_through):
        yield f"complete_through went back from {before.complete_through} to {now.complete_through}"


def _read_rows(lake: Lake, table: Table, head: Snapshot, seen: Seen) -> int:
    """All rows of the state are there, as many as its summary says; a state that main has left may be expired."""
    summary = head.summary
    due = int(summary.additional_properties.get("total-records") or 0) if summary else 0
    try:
        found = table.scan(snapshot_id=head.snapshot_id).to_arrow().num_rows
    except FileNotFoundError as error:
        if _head(lake.table(".".join(table.name()))).snapshot_id == head.snapshot_id:
            seen.faults.append(f"{table.name()}, main {head.snapshot_id}: a file is missing: {error}")
        return 0
    if found != due:
        seen.faults.append(f"{table.name()}, main {head.snapshot_id}: {found} rows, {due} are due")
    return found
