"""Stateless: a row follows from one input row. Added rows are appended; any other change overwrites partitions."""

from __future__ import annotations

from dataclasses import replace

from tidemark.modes.mode import Mode
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
from tidemark.planning.restatement import restate
from tidemark.planning.retained import not_rebuilt_note, retained
from tidemark.planning.situation import InputState, Situation
from tidemark.planning.windows import to_partitions
from tidemark.spec.model import DatasetSpec
from tidemark.state.effect import NOTHING, TOUCH, AppendRows, ReplaceRanges
from tidemark.state.plan import Plan
from tidemark.state.ranges import Interval, Ranges, before, intersect, union
from tidemark.state.watermark import Watermark


def plan(situation: Situation) -> Plan:
    """Append the added rows, or overwrite the partitions of changed rows."""
    waits = waiting_note(situation)
    if waits:
        return draft(situation, NOTHING, waits)
    (state,) = situation.inputs.values()
    planned = draft(situation, TOUCH, *logic_note(situation))
    planned = replace(
        planned,
        complete_through=latest(planned.complete_through, state.complete_through),
        final_through=latest(planned.final_through, state.final_through),
    )
    new_input = situation.target.watermark is not None and state.changes.from_snapshot is None
    if situation.resync or new_input or rebuilds_all(situation):
        return _overwrite_all(situation, planned, state)
    if not state.changes.append_only and state.changes.files:
        return _overwrite(situation, planned, state)
    planned = replace(planned, inputs=input_plans(situation, {state.spec.name: None}, added_only=True))
    return replace(planned, effect=AppendRows() if state.changes.files else touch_or_nothing(planned))


def restate_range(situation: Situation) -> Plan:
    """Rebuild the partitions of the requested range from the input as of the watermark's position."""
    return restate(
        situation,
        built=lambda asked, watermark: _built(situation, asked, watermark),
        reads=lambda ranges: dict.fromkeys(situation.inputs, ranges),
        at_watermark=True,
    )


def _built(situation: Situation, asked: Interval, watermark: Watermark) -> Ranges:
    """Return the partitions of the requested range, up to and including the one that holds `complete_through`.

    A stateless table also holds rows after `complete_through`, because added rows are appended at once.
    """
    return to_partitions(situation.spec, intersect((asked,), before(watermark.complete_through)))


def _overwrite(situation: Situation, planned: Plan, state: InputState) -> Plan:
    ranges = intersect(to_partitions(situation.spec, state.changes.touched), retained(situation))
    inputs = input_plans(situation, {state.spec.name: ranges})
    not_rebuilt = not_rebuilt_note(situation, state.changes.touched)
    if not ranges:
        return replace(planned, inputs=inputs, notes=(*planned.notes, *not_rebuilt))
    note = "rows of the input were removed or rewritten: the partitions of all changed rows are rebuilt whole"
    effect = ReplaceRanges(ranges, ranges)
    notes = (*planned.notes, note, *causes(situation, ranges, ()), *not_rebuilt)
    return replace(planned, effect=effect, inputs=inputs, notes=notes)


def _overwrite_all(situation: Situation, planned: Plan, state: InputState) -> Plan:
    everything = retained(situation)
    if situation.resync:
        # The input may hold rows again below what it keeps. Those partitions are replaced too, so no row is doubled.
        everything = union(everything, to_partitions(situation.spec, state.changes.touched))
    inputs = input_plans(situation, {state.spec.name: everything})
    note = "rebuilt from everything that the input holds now"
    not_rebuilt = () if situation.resync else not_rebuilt_note(situation, state.changes.touched)
    notes = (*planned.notes, note, *not_rebuilt)
    return replace(planned, effect=replacement(situation, everything), inputs=inputs, notes=notes)


def completeness(spec: DatasetSpec, where: str) -> str:
    """Return how complete a table is, and what a late record does."""
    return f"It is complete as far as its inputs are. {where} A late record adds its row."


MODE = Mode(
    name="stateless",
    meaning="a row depends on one row of its input",
    plan=plan,
    restate=restate_range,
    needed=("event_time", "partition_by", "transform", "inputs"),
    refused=("landing", "replace", "catch_up_limit", "max_range"),
    one_input=True,
    row_for_row=True,
    completeness=completeness,
)
