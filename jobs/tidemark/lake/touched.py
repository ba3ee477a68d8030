"""The watermarks of a published snapshot: the one that it was staged with, and those that touches set after it."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterable, Mapping
from typing import Any

from pyiceberg.table.snapshots import Snapshot

from tidemark.lake import ops
from tidemark.lake.catalog import Lake
from tidemark.lake.conditions import both, equals
from tidemark.lake.history import keeps_content, property_of
from tidemark.lake.properties import WATERMARK
from tidemark.records import How, Watermark


def newest_record(lake: Lake, dataset: str, line: Iterable[Snapshot]) -> Watermark | None:
    """The last watermark under which main held the rows that it holds; None where no session made them.

    `line` is main's history, the newest first.
    """
    touches = touches_of(lake, dataset)
    for snapshot in line:
        record = last_record(touches, snapshot)
        if record is not None or not keeps_content(snapshot):
            return record
    return None


def last_record(touches: Mapping[int, list[Watermark]], snapshot: Snapshot) -> Watermark | None:
    """The last watermark that named the snapshot, out of the touches of its table."""
    touched = touches.get(snapshot.snapshot_id)
    staged = property_of(snapshot, WATERMARK)
    if touched:
        return touched[-1]
    return Watermark.from_json(staged) if staged is not None else None


def touches_of(lake: Lake, dataset: str) -> Mapping[int, list[Watermark]]:
    """The watermarks that touches set, by the snapshot that they left on main, in their order."""
    columns = ("session", "previous", "current", "committed_at")
    touches = both(ops.of_dataset(dataset), equals("how", How.touch.value))
    rows = ops.rows(lake, "ops.high_watermarks", touches, columns)
    found: dict[int, list[Watermark]] = defaultdict(list)
    for row in _in_order(rows):
        mark = Watermark.from_json(row["current"])
        found[mark.snapshot].append(mark)
    return found


def session_before(row: Mapping[str, Any]) -> str | None:
    """The session whose watermark a row of `ops.high_watermarks` took the place of."""
    return Watermark.from_json(row["previous"]).session if row["previous"] else None


def _in_order(rows: list[dict[str, Any]]) -> list[dict[str, Any]]:
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
