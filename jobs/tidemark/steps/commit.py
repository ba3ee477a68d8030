"""commit: record a published session in `ops`, then remove its branches."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from pyiceberg.table import Table

from tidemark.catalog import ops
from tidemark.catalog.manifests import table_name
from tidemark.catalog.properties import SESSION, property_of
from tidemark.lineage.ancestry import main_history
from tidemark.lineage.history import session_branches
from tidemark.lineage.publish_commit import watermark_of
from tidemark.lineage.watermark_history import last_recorded
from tidemark.stages import Committed, Published
from tidemark.state.cause import Adoption, request_id_of
from tidemark.state.effect import FileRef, How
from tidemark.state.plan import Plan
from tidemark.state.watermark import Watermark
from tidemark.steps.context import Context
from tidemark.steps.publish import published_watermark


def commit(context: Context, published: Published) -> Committed:
    """Write the session's missing rows to `ops`, then remove its branches."""
    plan = published.plan
    table = context.lake.table(plan.dataset)
    watermark = _watermark_of_session(context, table, published)
    _close(context, plan, watermark)
    for branch in session_branches(table, plan.session):
        context.lake.remove_branch(plan.dataset, branch)
    return Committed(plan, watermark)


def close_published(context: Context, target: Table) -> None:
    """Commit the session that published last, if it died between publish and commit.

    The target's watermark names that session; if the watermark was removed, main's history does.
    """
    session, snapshot = _last_published(target)
    if session is None:
        return
    closed = ops.rows(context.lake, "ops.high_watermarks", ops.of_session(session), ("session",))
    if closed and not session_branches(target, session):
        return
    stored = ops.rows(context.lake, "ops.sessions", ops.of_session(session), ("plan",))
    if not stored:
        return
    plan = Plan.from_json(stored[0]["plan"])
    print(f"{table_name(target)}: session {plan.session} was published but not committed; it is committed first")
    commit(context, Published(plan, snapshot))


def _last_published(target: Table) -> tuple[str | None, int]:
    """Return the session that published last and its snapshot; (None, 0) if none has published."""
    watermark = watermark_of(target)
    if watermark is not None:
        return watermark.session, watermark.snapshot
    makers = ((property_of(snapshot, SESSION), snapshot.snapshot_id) for snapshot in main_history(target))
    return next((maker for maker in makers if maker[0] is not None), (None, 0))


def _watermark_of_session(context: Context, table: Table, published: Published) -> Watermark:
    """Return the watermark that the session set.

    While the session is the target's newest, this is the watermark in the table. If another session has published
    since, it is derived from the plan. If the table has no watermark any more, it is the one under which the staged
    snapshot is published.
    """
    current = watermark_of(table)
    if current is None:
        return published_watermark(context, published.plan, published.snapshot_id)
    if current.session == published.plan.session:
        return current
    return published.plan.watermark(published.snapshot_id)


def _close(context: Context, plan: Plan, watermark: Watermark) -> None:
    session = ops.of_session(plan.session)
    if plan.files:
        landed = [_landed_row(context, plan, file) for file in plan.files]
        ops.append_once(context.lake, "ops.landed_files", landed, session)
    ops.append_once(context.lake, "ops.high_watermarks", [_watermark_row(context, plan, watermark)], session)


def _landed_row(context: Context, plan: Plan, file: FileRef) -> Mapping[str, Any]:
    return {
        "dataset": plan.dataset,
        "session": plan.session,
        "path": file.path,
        "size": file.size,
        "sha256": file.sha256,
        "landed_at": context.clock,
        "table_uuid": plan.table_uuid,
        "written_at": file.written_at,
    }


def _watermark_row(context: Context, plan: Plan, watermark: Watermark) -> Mapping[str, Any]:
    previous = _previous(context, plan)
    return {
        "session": plan.session,
        "dataset": plan.dataset,
        "how": _how(plan, watermark).value,
        "snapshot": watermark.snapshot,
        "request_id": request_id_of(plan.cause),
        "reason": plan.cause.reason or None,
        "previous": previous.to_json() if previous else None,
        "current": watermark.to_json(),
        "complete_through": watermark.complete_through,
        "committed_at": context.clock,
    }


def _how(plan: Plan, watermark: Watermark) -> How:
    """Return what became of the plan: a touch if its rows equal what main held, so that main stayed where it was."""
    return How.touch if watermark.snapshot == plan.base_snapshot else plan.how


def _previous(context: Context, plan: Plan) -> Watermark | None:
    """Return the watermark that the session replaced; for an adoption that found none, the last recorded one."""
    if plan.previous is None and isinstance(plan.cause, Adoption):
        return last_recorded(context.lake, plan.dataset)
    return plan.previous
