"""A restatement of given event times: the same partitions from the same kind of input, watermark unmoved."""

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
"""Which partitions meet a range that is asked for, as far as they are built."""

Reads = Callable[[Ranges], Mapping[str, Ranges | None]]
"""What is read of each input to rebuild ranges of the target."""


def restate(situation: Situation, built: Built, reads: Reads, at_watermark: bool = False) -> Plan:
    """Rebuild the partitions that meet the request; nothing where this request has done so already.

    `at_watermark`: the inputs are read as of the watermark's position, so that what came after is counted once, by
    the next session. Raises RequestRefused for a dataset that is not built, or a range with nothing built in it.
    """
    if situation.answered_by:
        return draft(situation, NOTHING, f"this request was answered by session {situation.answered_by}")
    ranges = _ranges(situation, built)
    plan = draft(situation, ReplaceRanges(ranges, ranges), *logic_note(situation), _note(ranges))
    return replace(
        plan,
        owed=subtract(plan.owed, ranges),
        overdue=subtract(plan.overdue, ranges),
        inputs=input_plans(situation, reads(ranges), at_watermark=at_watermark),
    )


def check_built(dataset: str, watermark: Watermark | None) -> Watermark:
    """The watermark of a dataset that is built. Raises RequestRefused for one that is not."""
    if watermark is None:
        raise RequestRefused(f"{dataset}: nothing is built yet; run it without a range first")
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
            f"{name}: {request.range} lies below what its inputs keep, from which it could be rebuilt "
            f"({describe(retained(situation))}); what is published there stays as it is"
        )
    if not ranges:
        limit = watermark.complete_through
        through = format_instant(limit) if limit else "the beginning"
        raise RequestRefused(
            f"{name}: {request.range} lies after what is built (complete through {through}); ask for a range before it"
        )
    return ranges
