"""Stateful: recompute the ranges that changed or became complete, and overwrite exactly these."""

from __future__ import annotations

from dataclasses import replace
from datetime import UTC, datetime

from tidemark.planning.catch_up import built_through, first_piece
from tidemark.planning.common import (
    blank,
    complete_note,
    input_plans,
    latest,
    logic_note,
    rebuilds,
    waiting,
    watermark_moves,
)
from tidemark.planning.retained import gone_note, held, left_note
from tidemark.planning.situation import InputState, Situation
from tidemark.planning.windows import (
    buildable_through,
    final_through,
    partition_unit,
    reads,
    to_partitions,
    touches,
)
from tidemark.state.plan import Plan
from tidemark.state.ranges import (
    MICROSECOND,
    Interval,
    Ranges,
    before,
    describe,
    floor,
    from_on,
    intersect,
    subtract,
    union,
)
from tidemark.state.watermark import How

LONG_AGO = datetime(1990, 1, 1, tzinfo=UTC)
"""A range that begins before this comes from an unbounded window or an undated row, not from traffic."""


def plan(situation: Situation) -> Plan:
    """Rebuild (touched, owed, newly complete), up to where all inputs are complete."""
    missing = waiting(situation)
    if missing:
        return blank(situation, How.nothing, missing)
    draft = blank(situation, How.touch)
    limit, limiting = buildable_through(situation.spec, situation.inputs.values())
    limit = latest(limit, draft.complete_through)
    touched = clip_to_rows(situation, _touched(situation))
    due, overdue = _split_overdue(situation, touched, limit)
    fresh = _newly_complete(situation, limit)
    wanted = clip_to_rows(situation, buildable(situation, union(due, draft.owed, fresh), limit))
    ranges = first_piece(situation, wanted, limit)
    owed = subtract(wanted, ranges)
    through = built_through(draft.complete_through, owed, limit)
    draft = replace(
        draft,
        complete_through=through,
        final_through=latest(draft.final_through, final_through(situation.spec, situation.inputs.values(), through)),
        ranges=ranges,
        owed=owed,
        overdue=subtract(intersect(union(draft.overdue, overdue), held(situation)), wanted),
        held_back=intersect(touched, from_on(limit)) if limit else (),
        inputs=input_plans(situation, read_ranges(situation, ranges)),
        notes=(*draft.notes, *logic_note(situation), *_notes(situation, limit, limiting, overdue)),
    )
    if ranges:
        return replace(draft, how=How.overwrite)
    return draft if watermark_moves(draft.previous, draft) else replace(draft, how=How.nothing)


def _touched(situation: Situation) -> Ranges:
    if situation.resync or rebuilds(situation):
        return before(None)
    if situation.target.watermark and any(state.changes.timeless_rows for state in _changed(situation)):
        return before(None)
    return _touched_by_changes(situation)


def _touched_by_changes(situation: Situation) -> Ranges:
    return union(*(touches(state.spec, state.changes.touched) for state in _changed(situation)))


def _changed(situation: Situation) -> list[InputState]:
    return [state for state in situation.inputs.values() if not state.own]


def _split_overdue(situation: Situation, touched: Ranges, limit: datetime | None) -> tuple[Ranges, Ranges]:
    """What is rebuilt on its own, and what lies beyond the catch-up limit. A first run has no such limit."""
    bound = situation.spec.catch_up_limit
    everything = situation.target.watermark is None or situation.resync or rebuilds(situation)
    if bound is None or limit is None or everything:
        return touched, ()
    oldest = floor(limit - bound, partition_unit(situation.spec))
    overdue = to_partitions(situation.spec, intersect(touched, before(oldest)))
    return subtract(touched, overdue), intersect(overdue, held(situation))


def _newly_complete(situation: Situation, limit: datetime | None) -> Ranges:
    """The hours that became complete, where the input that gives the rows has any to give."""
    previous = situation.target.watermark
    if previous is None or previous.complete_through is None or limit is None or limit <= previous.complete_through:
        return ()
    fresh: Ranges = (Interval(previous.complete_through, limit),)
    rows = rows_input(situation)
    return fresh if situation.has_rows(rows.spec.name, reads(rows.spec, fresh)) else ()


def rows_input(situation: Situation) -> InputState:
    """The input that gives the target its rows."""
    states = _changed(situation)
    return next((state for state in states if state.spec.rows), states[0])


def buildable(situation: Situation, ranges: Ranges, limit: datetime | None) -> Ranges:
    """Whole partitions of the target, as far as the inputs are complete and still hold their rows."""
    whole = to_partitions(situation.spec, intersect(ranges, before(limit)))
    return intersect(intersect(whole, before(limit)), held(situation))


def clip_to_rows(situation: Situation, ranges: Ranges) -> Ranges:
    """Leave out times before the first row that the target can have, or had before a removal."""
    if not ranges or situation.resync or (ranges[0].start > LONG_AGO and situation.target.watermark):
        return ranges
    rows = rows_input(situation)
    changed = [file.span.start for file in rows.changes.files]
    least = situation.least_time(rows.spec.name) if situation.target.watermark else None
    earliest = min([*changed, *([least] if least else [])], default=None)
    if earliest is None:
        return ranges if situation.target.watermark else ()
    start = to_partitions(situation.spec, touches(rows.spec, (Interval(earliest, earliest + MICROSECOND),)))
    return intersect(ranges, from_on(start[0].start)) if start else ()


def read_ranges(situation: Situation, ranges: Ranges) -> dict[str, Ranges | None]:
    """What each input's window reads to rebuild `ranges`."""
    return {name: reads(state.spec, ranges) for name, state in situation.inputs.items()}


def _notes(situation: Situation, limit: datetime | None, limiting: str, overdue: Ranges) -> tuple[str, ...]:
    notes = [complete_note(limit, limiting), *_left_notes(situation)]
    if overdue:
        late = sum(
            file.rows
            for state in _changed(situation)
            for file in state.changes.files
            if intersect(touches(state.spec, (file.span,)), overdue)
        )
        notes.append(
            f"overdue: {late} changed rows lie beyond the catch-up limit, {describe(overdue)} is not rebuilt; "
            f"take it in by a backfill"
        )
    return tuple(notes)


def _left_notes(situation: Situation) -> tuple[str, ...]:
    """What stays as it is though it changed, or was to be rebuilt, because the inputs keep it no longer.

    A resync looks at what the inputs hold, and at no change.
    """
    previous = situation.target.watermark
    if previous is None:
        return ()
    left = () if situation.resync else left_note(situation, _touched_by_changes(situation))
    promised = (("overdue", previous.overdue), ("owed", previous.owed))
    gone = [(what, subtract(ranges, held(situation))) for what, ranges in promised]
    return (*left, *(gone_note(what, ranges) for what, ranges in gone if ranges))
