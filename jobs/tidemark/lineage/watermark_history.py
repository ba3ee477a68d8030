"""The watermarks of a published snapshot: the one that it was staged with, and those that were set on it after that."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Mapping, Sequence
from typing import Any

from pyiceberg.expressions import BooleanExpression
from pyiceberg.table.snapshots import Snapshot

from tidemark.catalog import ops
from tidemark.catalog.filters import both, equals
from tidemark.catalog.lake import Lake
from tidemark.catalog.properties import WATERMARK, property_of
from tidemark.lineage.history import keeps_content
from tidemark.state.effect import How
from tidemark.state.watermark import Watermark


def newest_record(lake: Lake, dataset: str, line: Sequence[Snapshot]) -> Watermark | None:
    """The last watermark under which main held the rows that it holds; None where no session made them.

    `line` is main's history, the newest first.
    """
    records = records_of(lake, dataset)
    for snapshot in line:
        record = last_record(records, snapshot)
        if record is not None or not keeps_content(snapshot):
            return record
    return _record_behind(records, line)


def holds_record(lake: Lake, dataset: str, line: Sequence[Snapshot]) -> bool:
    """Whether any snapshot of main's history, or the expired one from which it came, is a session's."""
    records = records_of(lake, dataset)
    return any(last_record(records, snapshot) for snapshot in line) or _record_behind(records, line) is not None


def last_recorded(lake: Lake, dataset: str) -> Watermark | None:
    """The watermark that the last closed session set."""
    rows = by_succession(_recorded(lake, ops.of_dataset(dataset)))
    return Watermark.from_json(rows[-1]["current"]) if rows else None


def _record_behind(records: Mapping[int, list[Watermark]], line: Sequence[Snapshot]) -> Watermark | None:
    """The last watermark that named the snapshot from which a history came whose beginning has expired."""
    parent = line[-1].parent_snapshot_id if line else None
    named = records.get(parent, []) if parent is not None else []
    return named[-1] if named else None


def last_record(records: Mapping[int, list[Watermark]], snapshot: Snapshot) -> Watermark | None:
    """The last watermark that named the snapshot, out of those that were recorded of its table."""
    recorded = records.get(snapshot.snapshot_id)
    staged = property_of(snapshot, WATERMARK)
    if recorded:
        return recorded[-1]
    return Watermark.from_json(staged) if staged is not None else None


def records_of(lake: Lake, dataset: str) -> Mapping[int, list[Watermark]]:
    """The watermarks that sessions set, by the snapshot that they left on main, in their order."""
    return _by_snapshot(_recorded(lake, ops.of_dataset(dataset)))


def touches_of(lake: Lake, dataset: str) -> Mapping[int, list[Watermark]]:
    """Those that touches set: the others stand in their snapshots too."""
    return _by_snapshot(_recorded(lake, both(ops.of_dataset(dataset), equals("how", How.touch.value))))


def _recorded(lake: Lake, where: BooleanExpression) -> list[dict[str, Any]]:
    return ops.rows(lake, "ops.high_watermarks", where, ("session", "previous", "current", "committed_at"))


def _by_snapshot(rows: list[dict[str, Any]]) -> Mapping[int, list[Watermark]]:
    found: dict[int, list[Watermark]] = defaultdict(list)
    for row in by_succession(rows):
        mark = Watermark.from_json(row["current"])
        found[mark.snapshot].append(mark)
    return found


def session_before(row: Mapping[str, Any]) -> str | None:
    """The session whose watermark a row of `ops.high_watermarks` took the place of."""
    return Watermark.from_json(row["previous"]).session if row["previous"] else None


def by_succession(rows: list[dict[str, Any]]) -> list[dict[str, Any]]:
    """Each after the one that it followed; those that follow none of these by their time."""
    following: dict[str | None, list[dict[str, Any]]] = defaultdict(list)
    sessions = {row["session"] for row in rows}
    for row in rows:
        before = session_before(row)
        following[before if before in sessions else None].append(row)
    ordered: list[dict[str, Any]] = []
    waiting = sorted(following[None], key=lambda row: row["committed_at"], reverse=True)
    while waiting:
        row = waiting.pop()
        ordered.append(row)
        waiting.extend(following[row["session"]])
    return ordered
