"""A restatement of given event times: the same partitions from the same kind of input, watermark unmoved."""

from __future__ import annotations

from dataclasses import replace
from datetime import datetime

from tidemark.errors import RequestRefused
from tidemark.modes import source
from tidemark.modes.stateful import read_ranges
from tidemark.planning.common import blank, input_plans, logic_note
from tidemark.planning.retained import held
from tidemark.planning.situation import Situation
from tidemark.planning.windows import to_partitions
from tidemark.spec import DatasetSpec
from tidemark.state.plan import Plan
from tidemark.state.ranges import Interval, Ranges, before, describe, format_instant, intersect, subtract
from tidemark.state.watermark import How, Watermark


def plan(situation: Situation) -> Plan:
    """Rebuild the partitions that meet the request; nothing where this request has done so already.

    Stateful tables read their inputs as they are now; stateless ones at the watermark's position, so that
    what came after is counted once, by the next session. Landing takes in what is missing. Raises
    RequestRefused for a dataset that has no ranges, or a range with nothing built in it.
    """
    if situation.done:
        return blank(situation, How.nothing, f"this request was answered by session {situation.done}")
    if situation.spec.mode == "source":
        return source.plan(situation)
    ranges = _ranges(situation)
    stateless = situation.spec.mode == "stateless"
    wanted = dict.fromkeys(situation.inputs, ranges) if stateless else read_ranges(situation, ranges)
    draft = blank(situation, How.overwrite, *logic_note(situation), f"backfill asked for: {describe(ranges)}")
    return replace(
        draft,
        ranges=ranges,
        owed=subtract(draft.owed, ranges),
        overdue=subtract(draft.overdue, ranges),
        inputs=input_plans(situation, dict(wanted), at_watermark=stateless),
    )


def check_answerable(spec: DatasetSpec, watermark: Watermark | None) -> Watermark:
    """The watermark of a dataset that has ranges and is built. Raises RequestRefused for any other."""
    if spec.mode == "versioned":
        raise RequestRefused(
            f"{spec.dataset}: a versioned dataset has no ranges to rebuild; run it without from and to"
        )
    if watermark is None:
        raise RequestRefused(f"{spec.dataset}: nothing is built yet; run it without a range first")
    return watermark


def _ranges(situation: Situation) -> Ranges:
    name, request = situation.spec.dataset, situation.request
    assert request is not None, "only a request is planned here"
    limit = check_answerable(situation.spec, situation.target.watermark).complete_through
    asked = _built(situation.spec, request.range, limit)
    ranges = intersect(asked, held(situation))
    if asked and not ranges:
        raise RequestRefused(
            f"{name}: {request.range} lies below what its inputs keep, from which it could be rebuilt "
            f"({describe(held(situation))}); what is published there stays as it is"
        )
    if not ranges:
        through = format_instant(limit) if limit else "the beginning"
        raise RequestRefused(
            f"{name}: {request.range} lies after what is built (complete through {through}); ask for a range before it"
        )
    return ranges


def _built(spec: DatasetSpec, asked: Interval, limit: datetime | None) -> Ranges:
    """The partitions that meet what is asked for, as far as they are built.

    A stateless table holds rows beyond its limit, so the partition in which the limit lies is rebuilt whole.
    """
    if spec.mode == "stateless":
        return to_partitions(spec, intersect((asked,), before(limit)))
    return intersect(to_partitions(spec, (asked,)), before(limit))
