"""commit: close a published session in `ops`, and last of all remove its branches."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from pyiceberg.table import Table

from tidemark.lake import ops
from tidemark.lake.commits import watermark_of
from tidemark.lake.history import session_branches
from tidemark.lake.manifests import table_name
from tidemark.plans import Plan
from tidemark.records import FileRef, Watermark
from tidemark.stages import Committed, Published
from tidemark.steps.context import Context


def commit(context: Context, published: Published) -> Committed:
    """Write the session's rows to `ops` where they are missing, then remove its branches."""
    plan = published.plan
    table = context.lake.table(plan.dataset)
    watermark = _watermark_of_session(table, published)
    _close(context, plan, watermark)
    for branch in session_branches(table, plan.session):
        context.lake.remove_branch(plan.dataset, branch)
    return Committed(plan, watermark)


def close_published(context: Context, target: Table) -> None:
    """Finish the session that the target's watermark names, where it died between publish and commit."""
    watermark = watermark_of(target)
    if watermark is None:
        return
    closed = ops.rows(context.lake, "ops.high_watermarks", ops.of_session(watermark.session), ("session",))
    if closed and not session_branches(target, watermark.session):
        return
    stored = ops.rows(context.lake, "ops.sessions", ops.of_session(watermark.session), ("plan",))
    if not stored:
        return
    plan = Plan.from_json(stored[0]["plan"])
    print(f"{table_name(target)}: session {plan.session} was published but not committed; it is finished first")
    commit(context, Published(plan, watermark.snapshot))


def _watermark_of_session(table: Table, published: Published) -> Watermark:
    """The watermark that the session set: the table's own while it is the newest, else the planned one."""
    current = watermark_of(table)
    if current is not None and current.session == published.plan.session:
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
    return {
        "session": plan.session,
        "dataset": plan.dataset,
        "how": plan.how.value,
        "snapshot": watermark.snapshot,
        "request_id": plan.request.request_id if plan.request else None,
        "reason": (plan.request.reason if plan.request else plan.reason) or None,
        "previous": plan.previous.to_json() if plan.previous else None,
        "current": watermark.to_json(),
        "complete_through": watermark.complete_through,
        "committed_at": context.clock,
    }
