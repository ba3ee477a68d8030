"""Whether a request was carried out already, by a session that still counts."""

from __future__ import annotations

from typing import Any

from tidemark.lake import ops
from tidemark.lake.catalog import Lake
from tidemark.records import How, Request, Watermark
from tidemark.steps.context import Context


def answered_by(context: Context, request: Request | None, dataset: str) -> str | None:
    """The session that has carried out this request; none where a rollback that was adopted took it back."""
    if request is None:
        return None
    closed = ops.rows(context.lake, "ops.high_watermarks", ops.of_request(request.request_id), ("session", "dataset"))
    sessions = [row["session"] for row in closed if row["dataset"] == dataset]
    if not sessions:
        return None
    undone = _undone(context.lake, dataset)
    return next((session for session in sessions if session not in undone), None)


def _undone(lake: Lake, dataset: str) -> set[str]:
    """The sessions behind which a rollback went that somebody adopted."""
    columns = ("session", "how", "previous", "current")
    rows = {row["session"]: row for row in ops.rows(lake, "ops.high_watermarks", ops.of_dataset(dataset), columns)}
    undone: set[str] = set()
    for row in rows.values():
        before, after = _previous(row), Watermark.from_json(row["current"])
        if row["how"] != How.touch.value or before is None or before.snapshot == after.snapshot:
            continue
        while before is not None and before.snapshot != after.snapshot and before.session in rows:
            undone.add(before.session)
            before = _previous(rows[before.session])
    return undone


def _previous(row: dict[str, Any]) -> Watermark | None:
    return Watermark.from_json(row["previous"]) if row["previous"] else None
