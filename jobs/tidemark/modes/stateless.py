"""Stateless: read exactly the added rows and append them; anything but appends makes it an overwrite."""

from __future__ import annotations

from dataclasses import replace

from tidemark.planning.common import blank, input_plans, latest, logic_note, rebuilds, waiting, watermark_moves
from tidemark.planning.retained import held, left_note
from tidemark.planning.situation import InputState, Situation
from tidemark.planning.windows import to_partitions
from tidemark.state.plan import Plan
from tidemark.state.ranges import intersect, union
from tidemark.state.watermark import How


def plan(situation: Situation) -> Plan:
    """Append what was added, or overwrite the partitions that changed rows lie in."""
    missing = waiting(situation)
    if missing:
        return blank(situation, How.nothing, missing)
    (state,) = situation.inputs.values()
    draft = blank(situation, How.touch)
    draft = replace(
        draft,
        complete_through=latest(draft.complete_through, state.complete_through),
        final_through=latest(draft.final_through, state.final_through),
    )
    draft = replace(draft, notes=(*draft.notes, *logic_note(situation)))
    unknown = situation.target.watermark is not None and state.changes.from_snapshot is None
    if situation.resync or unknown or rebuilds(situation):
        return _overwrite_all(situation, draft, state)
    if not state.changes.append_only and state.changes.files:
        return _overwrite(situation, draft, state)
    draft = replace(draft, inputs=input_plans(situation, {state.spec.name: None}))
    if state.changes.files:
        return replace(draft, how=How.append)
    return draft if watermark_moves(draft.previous, draft) else replace(draft, how=How.nothing)


def _overwrite(situation: Situation, draft: Plan, state: InputState) -> Plan:
    ranges = intersect(to_partitions(situation.spec, state.changes.touched), held(situation))
    inputs = input_plans(situation, {state.spec.name: ranges})
    left = left_note(situation, state.changes.touched)
    if not ranges:
        return replace(draft, inputs=inputs, notes=(*draft.notes, *left))
    note = "the input was rewritten, not only added to: the partitions it touched are rebuilt whole"
    return replace(draft, how=How.overwrite, ranges=ranges, inputs=inputs, notes=(*draft.notes, note, *left))


def _overwrite_all(situation: Situation, draft: Plan, state: InputState) -> Plan:
    everything = held(situation)
    if situation.resync:  # what upstream put back below what it keeps is replaced too, or its rows would stand twice
        everything = union(everything, to_partitions(situation.spec, state.changes.touched))
    inputs = input_plans(situation, {state.spec.name: everything})
    note = "rebuilt from all that the input holds now"
    left = () if situation.resync else left_note(situation, state.changes.touched)
    return replace(draft, how=How.overwrite, ranges=everything, inputs=inputs, notes=(*draft.notes, note, *left))
