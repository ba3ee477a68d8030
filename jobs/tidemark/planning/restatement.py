"""Plan a restatement: rebuild the partitions of a given range and leave the watermark's positions where they are."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import replace

from tidemark.errors import RequestRefused
from tidemark.planning.draft import draft, input_plans, logic_note
from tidemark.planning.retained import retained
from tidemark.planning.situation import Situation
from tidemark.state.effect import NOTHING, ReplaceRanges
from tidemark.state.plan import Plan
from tidemark.state.ranges import Interval, Ranges, describe, format_instant, intersect, subtract
from tidemark.state.watermark import Watermark

Built = Callable[[Interval, Watermark], Ranges]
"""Returns the partitions that meet the requested range, as far as they are built."""

Reads = Callable[[Ranges], Mapping[str, Ranges | None]]
"""Returns, for each input, the event times to read to rebuild ranges of the target (None: all rows)."""


def restate(situation: Situation, built: Built, reads: Reads, at_watermark: bool = False) -> Plan:
    """Return a plan that rebuilds the partitions of the requested range; nothing if a session already did that.

    With `at_watermark`, the inputs are read as of the watermark's positions, so that newer rows are counted once, by
    the next session. Raises RequestRefused if the dataset is not built, if nothing is built in the range, or if the
    inputs no longer keep what it needs.
    """
    if situation.answered_by:
        return draft(situation, NOTHING, f"this request was already answered by session {situation.answered_by}")
    ranges = _ranges(situation, built)
    plan = draft(situation, ReplaceRanges(ranges, ranges), *logic_note(situation), _note(ranges))
    return replace(
        plan,
        owed=subtract(plan.owed, ranges),
        overdue=subtract(plan.overdue, ranges),
        inputs=input_plans(situation, reads(ranges), at_watermark=at_watermark),
    )


def check_built(dataset: str, watermark: Watermark | None) -> Watermark:
    """Return the watermark of a dataset. Raises RequestRefused if there is none, because nothing is built yet."""
    if watermark is None:
        raise RequestRefused(f"{dataset}: nothing is built yet. Run it without a range first")
    return watermark


def _note(ranges: Ranges) -> str:
    return f"backfill asked for: {describe(ranges)}"


def _ranges(situation: Situation, built: Built) -> Ranges:
    name, request = situation.spec.dataset, situation.restatement
    assert request is not None, "only a restatement is planned here"
    watermark = check_built(name, situation.target.watermark)
    asked = built(request.range, watermark)
    ranges = intersect(asked, retained(situation))
    if asked and not ranges:
        raise RequestRefused(
            f"{name}: {request.range} lies below what its inputs keep, so it cannot be rebuilt and stays as it is "
            f"published. Ask for a range within {describe(retained(situation))}"
        )
    if not ranges:
        limit = watermark.complete_through
        through = format_instant(limit) if limit else "the beginning"
        raise RequestRefused(
            f"{name}: {request.range} lies after what is built (complete through {through}). Ask for an earlier range"
        )
    return ranges
