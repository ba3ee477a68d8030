"""The notes for people of a plan that rebuilds ranges, made from the finished plan."""

from __future__ import annotations

from datetime import datetime

from tidemark.planning.retained import no_longer_note, not_rebuilt_note, retained
from tidemark.planning.situation import Situation
from tidemark.planning.windows import Limit, read_inputs, touched_by_changes, touches
from tidemark.state.plan import Plan
from tidemark.state.ranges import Ranges, describe, format_instant, intersect, subtract
from tidemark.support.text import count


def rebuild_notes(situation: Situation, planned: Plan, limit: Limit, late: Ranges) -> tuple[str, ...]:
    """Return notes on completeness, on ranges that cannot be rebuilt, and on the `late` ranges that are overdue."""
    return (
        *_completeness_notes(planned, limit),
        *_not_rebuilt_notes(situation),
        *_overdue_notes(situation, intersect(late, planned.overdue)),
    )


def _completeness_notes(planned: Plan, limit: Limit) -> tuple[str, ...]:
    if planned.complete_through == limit.through:
        return (complete_note(limit.through, limit.set_by),)
    allowed = format_instant(limit.through) if limit.through else "the end of time"
    by = f" (set by {limit.set_by})" if limit.set_by else ""
    return (
        f"{complete_note(planned.complete_through)}; the inputs allow {allowed}{by}, and the next sessions build that",
    )


def complete_note(through: datetime | None, limiting: str = "") -> str:
    """Return a note that says through when the target is complete, and which input sets that limit."""
    if through is None:
        return "complete through: no limit"
    by = f", set by {limiting}" if limiting else ""
    return f"complete through {format_instant(through)}{by}"


def _overdue_notes(situation: Situation, overdue: Ranges) -> tuple[str, ...]:
    if not overdue:
        return ()
    row_count = sum(
        file.rows
        for state in read_inputs(situation)
        for file in state.changes.files
        if intersect(touches(state.spec, (file.span,)), overdue)
    )
    return (
        f"overdue: {count(row_count, 'changed row')} beyond the catch-up limit, so {describe(overdue)} is not rebuilt. "
        f"Rebuild it with a backfill",
    )


def _not_rebuilt_notes(situation: Situation) -> tuple[str, ...]:
    """Return notes on ranges that changed, were owed or were overdue, but that the inputs no longer keep.

    A resync rebuilds from what the inputs hold and does not look at single changes, so it has no note on those.
    """
    previous = situation.target.watermark
    if previous is None:
        return ()
    changed = () if situation.resync else not_rebuilt_note(situation, touched_by_changes(situation))
    promised = (("overdue", previous.overdue), ("owed", previous.owed))
    gone = [(status, subtract(ranges, retained(situation))) for status, ranges in promised]
    return (*changed, *(no_longer_note(status, ranges) for status, ranges in gone if ranges))
