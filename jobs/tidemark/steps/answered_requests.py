"""Find the session that already carried out a request, unless a rollback undid it."""

from __future__ import annotations

from typing import Any

from tidemark.catalog import ops
from tidemark.lineage.watermark_history import session_before, sort_by_succession
from tidemark.state.cause import Adoption, Cause, request_id_of
from tidemark.state.effect import How
from tidemark.state.watermark import Watermark
from tidemark.steps.context import Context
from tidemark.steps.plan_store import find_plan


def answered_by(context: Context, cause: Cause, dataset: str) -> str | None:
    """Return the session that has carried out the request of a cause.

    Returns None if the cause is no restatement, if no session has carried out the request yet, or if a rollback that
    was later adopted undid that session.
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
    """Return the sessions undone by a rollback that was later adopted.

    Adoptions are read from the last to the first: if a later adoption undid an adoption, because main was moved
    forward again, the undone adoption undoes nothing.
    """
    columns = ("session", "how", "previous", "current", "committed_at")
    rows = ops.rows(context.lake, "ops.high_watermarks", ops.of_dataset(dataset), columns)
    before = {row["session"]: session_before(row) for row in rows}
    undone: set[str] = set()
    for row in reversed(sort_by_succession(rows)):
        if row["session"] in undone or not _may_be_adoption(row):
            continue
        adopted = _adopted_session(context, row["session"])
        session = before[row["session"]] if adopted else None
        while session is not None and session != adopted:
            undone.add(session)
            session = before.get(session)
    return undone


def _may_be_adoption(row: dict[str, Any]) -> bool:
    """Return whether a row may record an adoption that undid sessions: a touch that changed the watermark's snapshot.

    Only the plan can tell whether it does. This check saves reading the plans of all other sessions.
    """
    if row["how"] != How.touch.value or not row["previous"]:
        return False
    return Watermark.from_json(row["previous"]).snapshot != Watermark.from_json(row["current"]).snapshot


def _adopted_session(context: Context, session: str) -> str | None:
    """Return the session whose watermark an adoption set again; None if `session` is no adoption."""
    plan = find_plan(context, session)
    return plan.cause.watermark.session if plan is not None and isinstance(plan.cause, Adoption) else None
