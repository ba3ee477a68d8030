"""publish: move main to the audited rows and set the watermark, in one catalog commit."""

from __future__ import annotations

from dataclasses import replace

from tidemark.lineage.changes import latest_added_time
from tidemark.lineage.history import published_snapshot
from tidemark.lineage.publish_commit import publish_watermark
from tidemark.planning.draft import latest
from tidemark.stages import Audited, Planned, Published
from tidemark.state.effect import AppendFiles
from tidemark.state.plan import Plan
from tidemark.state.watermark import Watermark
from tidemark.steps.context import Context
from tidemark.steps.landing import end_of_hour


def publish(context: Context, audited: Audited) -> Published:
    """Publish a snapshot that passed its audit. Raises MainMoved if another session published first."""
    staged = audited.staged
    watermark = published_watermark(context, staged.plan, audited.snapshot_id)
    publish_watermark(context.lake.catalog, staged.plan, watermark)
    return Published(staged.plan, audited.snapshot_id, staged.rows_written)


def touch(context: Context, planned: Planned) -> Published:
    """Publish a plan that moves only the watermark; main stays where it is. Raises MainMoved as `publish` does."""
    plan = planned.plan
    publish_watermark(context.lake.catalog, plan, plan.watermark(plan.base_snapshot))
    return Published(plan, plan.base_snapshot)


def find_published(context: Context, plan: Plan) -> Published | None:
    """Return the plan's session as published if it is already on main, None otherwise."""
    snapshot = published_snapshot(context.lake.table(plan.dataset), plan)
    return None if snapshot is None else Published(plan, snapshot)


def published_watermark(context: Context, plan: Plan, snapshot_id: int) -> Watermark:
    """Return the watermark under which a plan's staged snapshot is published."""
    return _complete_by_rows(context, plan, plan.watermark(snapshot_id))


def _complete_by_rows(context: Context, plan: Plan, watermark: Watermark) -> Watermark:
    """For handed-in history, take the completeness from the staged rows; otherwise return the watermark unchanged."""
    event_time = context.spec(plan.dataset).event_time
    by_rows = isinstance(plan.effect, AppendFiles) and plan.effect.complete_by_rows
    if not by_rows or event_time is None:
        return watermark
    latest_event = latest_added_time(context.lake.table(plan.dataset), watermark.snapshot, event_time)
    through = latest(watermark.complete_through, end_of_hour(latest_event))
    return replace(watermark, complete_through=through, final_through=through)
