"""Stateful: a row follows from several events. Touched ranges are rebuilt whole, as far as all inputs are complete."""

from __future__ import annotations

from dataclasses import replace
from datetime import UTC, datetime

from tidemark.modes.mode import Mode
from tidemark.planning.catch_up import built_through, first_piece
from tidemark.planning.draft import (
    draft,
    input_plans,
    latest,
    logic_note,
    rebuilds,
    replacing,
    touch_or_nothing,
    waiting,
)
from tidemark.planning.notes import rebuild_notes
from tidemark.planning.restatement import restate
from tidemark.planning.retained import retained
from tidemark.planning.situation import InputState, Situation
from tidemark.planning.windows import (
    Limit,
    buildable_through,
    final_through,
    partition_unit,
    read_inputs,
    reads,
    to_partitions,
    touched_by_changes,
    touches,
)
from tidemark.state.effect import NOTHING, TOUCH
from tidemark.state.plan import Plan
from tidemark.state.ranges import MICROSECOND, Interval, Ranges, before, floor, from_on, intersect, subtract, union
from tidemark.state.watermark import Watermark

LONG_AGO = datetime(1990, 1, 1, tzinfo=UTC)
"""A range that begins before this comes from an unbounded window or an undated row, not from traffic."""


def plan(situation: Situation) -> Plan:
    """Rebuild (touched, owed, newly complete), up to where all inputs are complete."""
    missing = waiting(situation)
    if missing:
        return draft(situation, NOTHING, missing)
    planned = draft(situation, TOUCH, *logic_note(situation))
    limit = _limit(situation)
    touched = clip_to_rows(situation, _touched(situation))
    due, late = _split_late(situation, touched, limit.through)
    fresh = _newly_complete(situation, limit.through) if _fresh_rows_are_there(situation, limit.through) else ()
    wanted = clip_to_rows(situation, buildable(situation, union(due, planned.owed, fresh), limit.through))
    ranges = first_piece(situation, wanted, limit.through)
    owed = subtract(wanted, ranges)
    through = built_through(planned.complete_through, owed, limit.through)
    planned = replace(
        planned,
        complete_through=through,
        final_through=latest(planned.final_through, final_through(situation.spec, situation.inputs.values(), through)),
        owed=owed,
        overdue=subtract(intersect(union(planned.overdue, late), retained(situation)), wanted),
        held_back=intersect(touched, from_on(limit.through)) if limit.through else (),
        inputs=input_plans(situation, read_ranges(situation, ranges)),
    )
    planned = replace(planned, notes=(*planned.notes, *rebuild_notes(situation, planned, limit, late)))
    return replace(planned, effect=replacing(situation, ranges) if ranges else touch_or_nothing(planned))


def restate_range(situation: Situation) -> Plan:
    """Rebuild the partitions that meet a range, from the inputs as they are now."""
    return restate(
        situation,
        built=lambda asked, watermark: _built(situation, asked, watermark),
        reads=lambda ranges: read_ranges(situation, ranges),
    )


def _built(situation: Situation, asked: Interval, watermark: Watermark) -> Ranges:
    return intersect(to_partitions(situation.spec, (asked,)), before(watermark.complete_through))


def rows_looked_at(situation: Situation) -> str | None:
    """The input that gives the rows, where hours became complete or a range begins before all traffic."""
    if situation.target.watermark is None or situation.restatement or situation.resync or waiting(situation):
        return None
    fresh = _newly_complete(situation, _limit(situation).through)
    ranges = union(_touched(situation), situation.target.watermark.owed)
    unbounded = bool(ranges) and ranges[0].start <= LONG_AGO
    return rows_input(situation).spec.name if fresh or unbounded else None


def _limit(situation: Situation) -> Limit:
    """What the inputs allow; never less than what is built already."""
    limit = buildable_through(situation.spec, situation.inputs.values())
    previous = None if situation.resync else situation.target.watermark
    return replace(limit, through=latest(limit.through, previous.complete_through if previous else None))


def _touched(situation: Situation) -> Ranges:
    if situation.resync or rebuilds(situation):
        return before(None)
    if situation.target.watermark and any(state.changes.timeless_rows for state in read_inputs(situation)):
        return before(None)
    return touched_by_changes(situation)


def _split_late(situation: Situation, touched: Ranges, limit: datetime | None) -> tuple[Ranges, Ranges]:
    """What is rebuilt on its own, and what lies beyond the catch-up limit. A first run has no such limit."""
    bound = situation.spec.catch_up_limit
    everything = situation.target.watermark is None or situation.resync or rebuilds(situation)
    if bound is None or limit is None or everything:
        return touched, ()
    oldest = floor(limit - bound, partition_unit(situation.spec))
    late = to_partitions(situation.spec, intersect(touched, before(oldest)))
    return subtract(touched, late), intersect(late, retained(situation))


def _newly_complete(situation: Situation, limit: datetime | None) -> Ranges:
    """The hours that became complete since the watermark."""
    previous = situation.target.watermark
    if previous is None or previous.complete_through is None or limit is None or limit <= previous.complete_through:
        return ()
    return (Interval(previous.complete_through, limit),)


def _fresh_rows_are_there(situation: Situation, limit: datetime | None) -> bool:
    """Whether the input that gives the rows has any to give in the hours that became complete."""
    rows = rows_input(situation)
    if rows.spec.event_time is None or rows.row_spans is None:
        return True
    held = union(rows.row_spans, rows.changes.touched)
    return bool(intersect(held, reads(rows.spec, _newly_complete(situation, limit))))


def rows_input(situation: Situation) -> InputState:
    """The input that gives the target its rows."""
    states = read_inputs(situation)
    return next((state for state in states if state.spec.rows), states[0])


def buildable(situation: Situation, ranges: Ranges, limit: datetime | None) -> Ranges:
    """Whole partitions of the target, as far as the inputs are complete and still hold their rows."""
    whole = to_partitions(situation.spec, intersect(ranges, before(limit)))
    return intersect(intersect(whole, before(limit)), retained(situation))


def clip_to_rows(situation: Situation, ranges: Ranges) -> Ranges:
    """Leave out times before the first row that the target can have, or had before a removal."""
    if not ranges or situation.resync or (ranges[0].start > LONG_AGO and situation.target.watermark):
        return ranges
    rows = rows_input(situation)
    held = (rows.row_spans or ()) if situation.target.watermark else ()
    known = union(held, rows.changes.touched)
    if not known:
        return ranges if situation.target.watermark else ()
    earliest = known[0].start
    start = to_partitions(situation.spec, touches(rows.spec, (Interval(earliest, earliest + MICROSECOND),)))
    return intersect(ranges, from_on(start[0].start)) if start else ()


def read_ranges(situation: Situation, ranges: Ranges) -> dict[str, Ranges | None]:
    """What each input's window reads to rebuild `ranges`; one whose rows list what they touch is read whole."""
    return {
        name: None if state.spec.touches is not None else reads(state.spec, ranges)
        for name, state in situation.inputs.items()
    }


MODE = Mode(
    name="stateful",
    plan=plan,
    restate=restate_range,
    needed=("event_time", "partition_by", "transform", "inputs"),
    refused=("landing", "replace"),
    windows=True,
    rows_looked_at=rows_looked_at,
)
