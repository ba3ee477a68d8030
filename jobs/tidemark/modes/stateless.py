"""Stateless: a row follows from one input row. Added rows are read and appended; anything else is an overwrite."""

from __future__ import annotations

from dataclasses import replace

from tidemark.modes.mode import Mode
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
from tidemark.planning.restatement import restate
from tidemark.planning.retained import left_note, retained
from tidemark.planning.situation import InputState, Situation
from tidemark.planning.windows import to_partitions
from tidemark.state.effect import NOTHING, TOUCH, AppendRows, ReplaceRanges
from tidemark.state.plan import Plan
from tidemark.state.ranges import Interval, Ranges, before, intersect, union
from tidemark.state.watermark import Watermark


def plan(situation: Situation) -> Plan:
    """Append what was added, or overwrite the partitions that changed rows lie in."""
    missing = waiting(situation)
    if missing:
        return draft(situation, NOTHING, missing)
    (state,) = situation.inputs.values()
    planned = draft(situation, TOUCH, *logic_note(situation))
    planned = replace(
        planned,
        complete_through=latest(planned.complete_through, state.complete_through),
        final_through=latest(planned.final_through, state.final_through),
    )
    unknown = situation.target.watermark is not None and state.changes.from_snapshot is None
    if situation.resync or unknown or rebuilds(situation):
        return _overwrite_all(situation, planned, state)
    if not state.changes.append_only and state.changes.files:
        return _overwrite(situation, planned, state)
    planned = replace(planned, inputs=input_plans(situation, {state.spec.name: None}, added_only=True))
    return replace(planned, effect=AppendRows() if state.changes.files else touch_or_nothing(planned))


def restate_range(situation: Situation) -> Plan:
    """Rebuild the partitions that meet a range, from the input as of the watermark's position."""
    return restate(
        situation,
        built=lambda asked, watermark: _built(situation, asked, watermark),
        reads=lambda ranges: dict.fromkeys(situation.inputs, ranges),
        at_watermark=True,
    )


def _built(situation: Situation, asked: Interval, watermark: Watermark) -> Ranges:
    """The table holds rows beyond its limit, so the partition in which the limit lies is rebuilt whole."""
    return to_partitions(situation.spec, intersect((asked,), before(watermark.complete_through)))


def _overwrite(situation: Situation, planned: Plan, state: InputState) -> Plan:
    ranges = intersect(to_partitions(situation.spec, state.changes.touched), retained(situation))
    inputs = input_plans(situation, {state.spec.name: ranges})
    left = left_note(situation, state.changes.touched)
    if not ranges:
        return replace(planned, inputs=inputs, notes=(*planned.notes, *left))
    note = "the input was rewritten, not only added to: the partitions it touched are rebuilt whole"
    effect = ReplaceRanges(ranges, ranges)
    return replace(planned, effect=effect, inputs=inputs, notes=(*planned.notes, note, *left))


def _overwrite_all(situation: Situation, planned: Plan, state: InputState) -> Plan:
    everything = retained(situation)
    if situation.resync:  # what upstream put back below what it keeps is replaced too, or its rows would stand twice
        everything = union(everything, to_partitions(situation.spec, state.changes.touched))
    inputs = input_plans(situation, {state.spec.name: everything})
    note = "rebuilt from all that the input holds now"
    left = () if situation.resync else left_note(situation, state.changes.touched)
    return replace(planned, effect=replacing(situation, everything), inputs=inputs, notes=(*planned.notes, note, *left))


MODE = Mode(
    name="stateless",
    plan=plan,
    restate=restate_range,
    needed=("event_time", "partition_by", "transform", "inputs"),
    refused=("landing", "replace", "catch_up_limit", "max_range"),
    one_input=True,
    row_for_row=True,
)
