"""What a plan that rebuilds ranges says of itself, made from the finished plan."""

from __future__ import annotations

from datetime import datetime

from tidemark.planning.retained import gone_note, left_note, retained
from tidemark.planning.situation import Situation
from tidemark.planning.windows import Limit, read_inputs, touched_by_changes, touches
from tidemark.state.plan import Plan
from tidemark.state.ranges import Ranges, describe, format_instant, intersect, subtract


def rebuild_notes(situation: Situation, planned: Plan, limit: Limit, late: Ranges) -> tuple[str, ...]:
    """Through when the target is complete, what stays as it is, and what of `late` ranges is overdue."""
    return (
        *_completeness(planned, limit),
        *_left(situation),
        *_overdue(situation, intersect(late, planned.overdue)),
    )


def _completeness(planned: Plan, limit: Limit) -> tuple[str, ...]:
    if planned.complete_through == limit.through:
        return (complete_note(limit.through, limit.set_by),)
    allowed = format_instant(limit.through) if limit.through else "the end of time"
    by = f" (set by {limit.set_by})" if limit.set_by else ""
    return (
        f"{complete_note(planned.complete_through)}; the inputs allow {allowed}{by}, for the next sessions to build",
    )


def complete_note(through: datetime | None, limiting: str = "") -> str:
    """Say through when the target is complete, and which input sets that."""
    if through is None:
        return "complete through: unbounded"
    by = f", set by {limiting}" if limiting else ""
    return f"complete through {format_instant(through)}{by}"


def _overdue(situation: Situation, overdue: Ranges) -> tuple[str, ...]:
    if not overdue:
        return ()
    late = sum(
        file.rows
        for state in read_inputs(situation)
        for file in state.changes.files
        if intersect(touches(state.spec, (file.span,)), overdue)
    )
    return (
        f"overdue: {late} changed rows lie beyond the catch-up limit, {describe(overdue)} is not rebuilt; "
        f"take it in by a backfill",
    )


def _left(situation: Situation) -> tuple[str, ...]:
    """What stays as it is though it changed, or was to be rebuilt, because the inputs keep it no longer.

    A resync looks at what the inputs hold, and at no change.
    """
    previous = situation.target.watermark
    if previous is None:
        return ()
    left = () if situation.resync else left_note(situation, touched_by_changes(situation))
    promised = (("overdue", previous.overdue), ("owed", previous.owed))
    gone = [(what, subtract(ranges, retained(situation))) for what, ranges in promised]
    return (*left, *(gone_note(what, ranges) for what, ranges in gone if ranges))
