"""Whether a request was carried out already, by a session that still counts."""

from __future__ import annotations

from typing import Any

from tidemark.catalog import ops
from tidemark.lineage.watermark_history import by_succession, session_before
from tidemark.state.cause import Adoption, Cause, request_id_of
from tidemark.state.effect import How
from tidemark.state.watermark import Watermark
from tidemark.steps.context import Context
from tidemark.steps.plan_store import find_plan


def answered_by(context: Context, cause: Cause, dataset: str) -> str | None:
    """The session that has carried out the request of a cause.

    None where no range was asked for, or where a rollback that was adopted undid that session.
    """
    request_id = request_id_of(cause)
    if request_id is None:
        return None
    closed = ops.rows(context.lake, "ops.high_watermarks", ops.of_request(request_id), ("session", "dataset"))
    sessions = [row["session"] for row in closed if row["dataset"] == dataset]
    if not sessions:
        return None
    undone = _undone(context, dataset)
    return next((session for session in sessions if session not in undone), None)


def _undone(context: Context, dataset: str) -> set[str]:
    """Sessions undone by a rollback that was later adopted.

    The last adoption counts first: one that was itself undone, by a move forward again, undoes nothing.
    """
    columns = ("session", "how", "previous", "current", "committed_at")
    rows = ops.rows(context.lake, "ops.high_watermarks", ops.of_dataset(dataset), columns)
    before = {row["session"]: session_before(row) for row in rows}
    undone: set[str] = set()
    for adoption in reversed(by_succession(rows)):
        if adoption["session"] in undone or not _may_adopt(adoption):
            continue
        held = _adopted(context, adoption["session"])
        at = before[adoption["session"]] if held else None
        while at is not None and at != held:
            undone.add(at)
            at = before.get(at)
    return undone


def _may_adopt(row: dict[str, Any]) -> bool:
    """A touch that leaves the watermark's snapshot as it was adopts nothing; of the others the plan says it."""
    if row["how"] != How.touch.value or not row["previous"]:
        return False
    return Watermark.from_json(row["previous"]).snapshot != Watermark.from_json(row["current"]).snapshot


def _adopted(context: Context, session: str) -> str | None:
    """The session whose record an adoption took up."""
    plan = find_plan(context, session)
    return plan.cause.watermark.session if plan is not None and isinstance(plan.cause, Adoption) else None
