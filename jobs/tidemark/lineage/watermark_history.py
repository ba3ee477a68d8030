"""The watermarks that a snapshot of main has had: the one that it was staged with, and those set on it later."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Mapping, Sequence
from typing import Any

from pyiceberg.expressions import BooleanExpression
from pyiceberg.table import Table
from pyiceberg.table.snapshots import Snapshot

from tidemark.catalog import ops
from tidemark.catalog.filters import both, equals, one_of
from tidemark.catalog.lake import Lake
from tidemark.catalog.manifests import table_name
from tidemark.catalog.properties import WATERMARK, property_of
from tidemark.lineage.history import keeps_content, same_rows
from tidemark.lineage.publish_commit import watermark_of
from tidemark.state.effect import How
from tidemark.state.watermark import Watermark


def newest_record(lake: Lake, dataset: str, history: Sequence[Snapshot]) -> Watermark | None:
    """Return the last watermark under which main held its present rows; None if no session made these rows.

    `history` is main's history, newest first.
    """
    records = records_of(lake, dataset)
    for snapshot in history:
        record = last_record(records, snapshot)
        if record is not None or not keeps_content(snapshot):
            return record
    return _record_before(records, history)


def has_record(lake: Lake, dataset: str, history: Sequence[Snapshot]) -> bool:
    """Return whether a session made any snapshot of main's history, or the expired parent of its oldest snapshot."""
    records = records_of(lake, dataset)
    return any(last_record(records, snapshot) for snapshot in history) or _record_before(records, history) is not None


def last_recorded(lake: Lake, dataset: str) -> Watermark | None:
    """Return the watermark that the last closed session set; None if no session is closed."""
    rows = sort_by_succession(_recorded(lake, ops.of_dataset(dataset)))
    return Watermark.from_json(rows[-1]["current"]) if rows else None


def _record_before(records: Mapping[int, list[Watermark]], history: Sequence[Snapshot]) -> Watermark | None:
    """Return the last watermark that named the expired parent of the oldest snapshot in a history."""
    parent = history[-1].parent_snapshot_id if history else None
    named = records.get(parent, []) if parent is not None else []
    return named[-1] if named else None


def last_record(records: Mapping[int, list[Watermark]], snapshot: Snapshot) -> Watermark | None:
    """Return the last recorded watermark that names the snapshot, or else the one that it was staged with.

    `records` are the recorded watermarks of its table, by snapshot id. Returns None if no session made the snapshot.
    """
    recorded = records.get(snapshot.snapshot_id)
    staged = property_of(snapshot, WATERMARK)
    if recorded:
        return recorded[-1]
    return Watermark.from_json(staged) if staged is not None else None


def records_of(lake: Lake, dataset: str) -> Mapping[int, list[Watermark]]:
    """Return the watermarks that closed sessions set, by the snapshot that they left on main, in order."""
    return _by_snapshot(_recorded(lake, ops.of_dataset(dataset)))


def watermarks_at(lake: Lake, table: Table, snapshot_id: int) -> tuple[Watermark, ...]:
    """Return the watermarks under which main held the rows of a snapshot, oldest first; empty if none is known.

    Each of them says what the rows were built from: a session that changed no row has moved the positions.
    """
    same = same_rows(table, snapshot_id)
    where = both(ops.of_dataset(table_name(table)), one_of("snapshot", same))
    recorded = _by_snapshot(_recorded(lake, where))
    found = [mark for each in same for mark in recorded.get(each) or _staged(table.snapshot_by_id(each))]
    current = watermark_of(table)
    if current is not None and current.snapshot in same and current.session not in {mark.session for mark in found}:
        found.append(current)
    return tuple(found)


def _staged(snapshot: Snapshot | None) -> list[Watermark]:
    text = property_of(snapshot, WATERMARK) if snapshot is not None else None
    return [Watermark.from_json(text)] if text is not None else []


def touches_of(lake: Lake, dataset: str) -> Mapping[int, list[Watermark]]:
    """Return the watermarks that touches set, by snapshot, in order.

    Other sessions' watermarks also stand in the properties of their snapshots.
    """
    return _by_snapshot(_recorded(lake, both(ops.of_dataset(dataset), equals("how", How.touch.value))))


def _recorded(lake: Lake, where: BooleanExpression) -> list[dict[str, Any]]:
    return ops.rows(lake, "ops.high_watermarks", where, ("session", "previous", "current", "committed_at"))


def _by_snapshot(rows: list[dict[str, Any]]) -> Mapping[int, list[Watermark]]:
    found: dict[int, list[Watermark]] = defaultdict(list)
    for row in sort_by_succession(rows):
        watermark = Watermark.from_json(row["current"])
        found[watermark.snapshot].append(watermark)
    return found


def session_before(row: Mapping[str, Any]) -> str | None:
    """Return the session whose watermark a row of `ops.high_watermarks` replaced; None for a table's first session."""
    return Watermark.from_json(row["previous"]).session if row["previous"] else None


def sort_by_succession(rows: list[dict[str, Any]]) -> list[dict[str, Any]]:
    """Sort rows of `ops.high_watermarks` so that each follows the session that it replaced.

    Rows whose predecessor is not among `rows` are ordered by their time.
    """
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
