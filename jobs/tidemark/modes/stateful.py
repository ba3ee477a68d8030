"""Stateful: a row follows from several input rows. Touched ranges are rebuilt whole, as far as inputs are complete."""

from __future__ import annotations

from dataclasses import replace
from datetime import UTC, datetime

from tidemark.modes.mode import Mode
from tidemark.planning.catch_up import built_through, first_piece
from tidemark.planning.causes import causes
from tidemark.planning.draft import (
    draft,
    input_plans,
    latest,
    logic_note,
    rebuilds_all,
    replacement,
    touch_or_nothing,
    waiting_note,
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
from tidemark.spec.durations import format_duration
from tidemark.spec.model import DatasetSpec
from tidemark.state.effect import NOTHING, TOUCH
from tidemark.state.plan import Plan
from tidemark.state.ranges import MICROSECOND, Interval, Ranges, before, floor, from_on, intersect, subtract, union
from tidemark.state.watermark import Watermark

LONG_AGO = datetime(1990, 1, 1, tzinfo=UTC)
"""A range that begins before this comes from an unbounded window or a row without event time, not from traffic."""


def plan(situation: Situation) -> Plan:
    """Rebuild the times that are touched, owed or newly complete, up to where all inputs are complete."""
    waits = waiting_note(situation)
    if waits:
        return draft(situation, NOTHING, waits)
    planned = draft(situation, TOUCH, *logic_note(situation))  # owed and overdue as the watermark has them
    limit = _limit(situation)
    touched = clip_to_rows(situation, _touched(situation))
    due, too_old = _split_by_age(situation, touched, limit.through)
    # The time that became complete since the watermark is built as well, even where no change touches it.
    fresh = _newly_complete(situation, limit.through) if _has_fresh_rows(situation, limit.through) else ()
    wanted = clip_to_rows(situation, buildable(situation, union(due, planned.owed, fresh), limit.through))
    # What does not fit into one session is owed. The table is complete only up to the first range that is.
    ranges = first_piece(situation, wanted, limit.through)
    owed = subtract(wanted, ranges)
    through = built_through(planned.complete_through, owed, limit.through)
    planned = replace(
        planned,
        complete_through=through,
        final_through=latest(planned.final_through, final_through(situation.spec, situation.inputs.values(), through)),
        owed=owed,
        overdue=subtract(intersect(union(planned.overdue, too_old), retained(situation)), wanted),
        held_back=intersect(touched, from_on(limit.through)) if limit.through else (),
        inputs=input_plans(situation, read_ranges(situation, ranges)),
    )
    notes = (*causes(situation, ranges, fresh), *rebuild_notes(situation, planned, limit, too_old))
    planned = replace(planned, notes=(*planned.notes, *notes))
    return replace(planned, effect=replacement(situation, ranges) if ranges else touch_or_nothing(planned))


def restate_range(situation: Situation) -> Plan:
    """Rebuild the partitions of the requested range from the inputs as they are now."""
    return restate(
        situation,
        built=lambda asked, watermark: _built(situation, asked, watermark),
        reads=lambda ranges: read_ranges(situation, ranges),
    )


def _built(situation: Situation, asked: Interval, watermark: Watermark) -> Ranges:
    return intersect(to_partitions(situation.spec, (asked,)), before(watermark.complete_through))


def row_times_input(situation: Situation) -> str | None:
    """Return the input that gives the rows, if times became complete or a range begins before all traffic.

    Only then does the plan depend on the event times of that input's rows. Reading them costs a pass over all manifests
    of the input, so `init` gathers them only for the input named here.
    """
    if situation.target.watermark is None or situation.restatement or situation.resync or waiting_note(situation):
        return None
    fresh = _newly_complete(situation, _limit(situation).through)
    ranges = union(_touched(situation), situation.target.watermark.owed)
    unbounded = bool(ranges) and to_partitions(situation.spec, ranges)[0].start <= LONG_AGO
    return rows_input(situation).spec.name if fresh or unbounded else None


def _limit(situation: Situation) -> Limit:
    """Return what the inputs allow, but never less than what is already built, unless the session is a resync."""
    limit = buildable_through(situation.spec, situation.inputs.values())
    previous = None if situation.resync else situation.target.watermark
    return replace(limit, through=latest(limit.through, previous.complete_through if previous else None))


def _touched(situation: Situation) -> Ranges:
    if situation.resync or rebuilds_all(situation):
        return before(None)
    if situation.target.watermark and any(state.changes.timeless_rows for state in read_inputs(situation)):
        return before(None)
    return touched_by_changes(situation)


def _split_by_age(situation: Situation, touched: Ranges, limit: datetime | None) -> tuple[Ranges, Ranges]:
    """Split touched times into those that are due and those beyond the catch-up limit.

    The limit does not apply to a first run, a resync, or the rebuild after a change of logic.
    """
    bound = situation.spec.catch_up_limit
    everything = situation.target.watermark is None or situation.resync or rebuilds_all(situation)
    if bound is None or limit is None or everything:
        return touched, ()
    oldest = floor(limit - bound, partition_unit(situation.spec))
    too_old = to_partitions(situation.spec, intersect(touched, before(oldest)))
    return subtract(touched, too_old), intersect(too_old, retained(situation))


def _newly_complete(situation: Situation, limit: datetime | None) -> Ranges:
    """Return the time that became complete since the watermark."""
    previous = situation.target.watermark
    if previous is None or previous.complete_through is None or limit is None or limit <= previous.complete_through:
        return ()
    return (Interval(previous.complete_through, limit),)


def _has_fresh_rows(situation: Situation, limit: datetime | None) -> bool:
    """Return whether the input that gives the rows may have rows for the hours that became complete."""
    rows = rows_input(situation)
    if rows.spec.event_time is None or rows.row_times is None:
        return True
    times = union(rows.row_times, rows.changes.touched)
    return bool(intersect(times, reads(rows.spec, _newly_complete(situation, limit))))


def rows_input(situation: Situation) -> InputState:
    """Return the input that gives the target its rows: the one with `rows: true`, or else the first."""
    states = read_inputs(situation)
    return next((state for state in states if state.spec.rows), states[0])


def buildable(situation: Situation, ranges: Ranges, limit: datetime | None) -> Ranges:
    """Round ranges to whole partitions, and cut them to what the inputs allow (`limit`) and still hold."""
    whole = to_partitions(situation.spec, intersect(ranges, before(limit)))
    return intersect(intersect(whole, before(limit)), retained(situation))


def clip_to_rows(situation: Situation, ranges: Ranges) -> Ranges:
    """Leave out times before the first row that the target can have or, if rows were removed, could have had.

    Ranges are cut in a first run, and if they begin before all traffic.
    """
    if not ranges or situation.resync or (ranges[0].start > LONG_AGO and situation.target.watermark):
        return ranges
    rows = rows_input(situation)
    if situation.target.watermark and rows.row_times is None:
        return ranges  # the times of the rows were not gathered
    present = (rows.row_times or ()) if situation.target.watermark else ()
    known = union(present, rows.changes.touched)
    if not known:
        return ranges if situation.target.watermark else ()
    earliest = known[0].start
    start = to_partitions(situation.spec, touches(rows.spec, (Interval(earliest, earliest + MICROSECOND),)))
    return intersect(ranges, from_on(start[0].start)) if start else ()


def read_ranges(situation: Situation, ranges: Ranges) -> dict[str, Ranges | None]:
    """Return the event times that each input's window reads to rebuild `ranges`.

    None means all rows. An input with `touches` is a table that is looked up, so it is read whole.
    """
    return {
        name: None if state.spec.touches is not None else reads(state.spec, ranges)
        for name, state in situation.inputs.items()
    }


def completeness(spec: DatasetSpec, where: str) -> str:
    """Return how complete a table is, and what late records do."""
    limit = spec.catch_up_limit and format_duration(spec.catch_up_limit)
    beyond = f" Times older than {limit} are not: they are listed as overdue and wait for a backfill." if limit else ""
    late = f"The partitions that a late record touches are rebuilt.{beyond}"
    return f"It is complete as far as its inputs are. {where} {late}"


MODE = Mode(
    name="stateful",
    meaning="whole partitions are rebuilt if what they depend on changes",
    plan=plan,
    restate=restate_range,
    needed=("event_time", "partition_by", "transform", "inputs"),
    refused=("landing", "replace"),
    windows=True,
    row_times_input=row_times_input,
    completeness=completeness,
)
