"""Versioned: if any input changed, a new version is made from the inputs as they are."""

from __future__ import annotations

from dataclasses import replace

from tidemark.modes.mode import Mode
from tidemark.planning.draft import draft, input_plans, latest, logic_changed, waiting_note
from tidemark.planning.situation import InputState, Situation
from tidemark.spec.model import DatasetSpec
from tidemark.state.effect import NOTHING, TOUCH, AppendRows, ReplaceAll
from tidemark.state.plan import InputPlan, Plan


def plan(situation: Situation) -> Plan:
    """Append a version, or replace all rows by it; if no input changed its content, move only the positions."""
    waits = waiting_note(situation)
    if waits:
        return draft(situation, NOTHING, waits)
    changed = [name for name, state in situation.inputs.items() if not state.own and _has_news(situation, name)]
    if logic_changed(situation):
        changed = [*changed, "the logic"]
    planned = draft(situation, NOTHING)
    if not changed and not situation.resync:
        return _without_news(situation, planned)
    planned = _complete_as_inputs(situation, planned)
    return replace(
        planned,
        effect=ReplaceAll() if situation.spec.replace == "whole" else AppendRows(),
        inputs=_inputs(situation),
        notes=(*planned.notes, f"changed: {', '.join(changed)}"),
    )


def _inputs(situation: Situation) -> dict[str, InputPlan]:
    """Return the inputs of the plan.

    If an input says `read: added`, and added rows are its only change, only those rows are read. A resync or a
    changed logic reads every input whole.
    """
    plans = input_plans(situation, dict.fromkeys(situation.inputs))
    if situation.resync or logic_changed(situation):
        return plans
    return {name: replace(plans[name], added_only=_only_grew(state)) for name, state in situation.inputs.items()}


def _only_grew(state: InputState) -> bool:
    changes = state.changes
    return state.spec.read == "added" and changes.from_snapshot is not None and changes.append_only


def _complete_as_inputs(situation: Situation, planned: Plan) -> Plan:
    known = [s.complete_through for s in situation.inputs.values() if s.bounds and s.complete_through]
    return replace(
        planned,
        complete_through=latest(planned.complete_through, min(known, default=None)),
        final_through=latest(planned.final_through, min(known, default=None)),
    )


def _without_news(situation: Situation, planned: Plan) -> Plan:
    """Return a plan that moves only the positions, if any input's main has moved.

    If the positions stayed behind, maintenance would have to keep the inputs' old snapshots for this reader.
    """
    skipped = [name for name, state in situation.inputs.items() if state.without_news]
    note = "no input changed, so no new version is made"
    if skipped:
        note = f"no news: the rows that {', '.join(skipped)} gained cannot matter, as the bounds of their files show"
        planned = _complete_as_inputs(situation, planned)
    planned = replace(planned, notes=(*planned.notes, note))
    if not any(_has_moved(situation, name) for name in situation.inputs):
        return planned
    return replace(planned, effect=TOUCH, inputs=input_plans(situation, dict.fromkeys(situation.inputs)))


def _has_moved(situation: Situation, name: str) -> bool:
    state = situation.inputs[name]
    previous = situation.target.watermark
    if state.own or previous is None or name not in previous.inputs:
        return False
    return state.head != previous.inputs[name].snapshot


def _has_news(situation: Situation, name: str) -> bool:
    state = situation.inputs[name]
    previous = situation.target.watermark
    if previous is None or name not in previous.inputs:
        return state.published
    return state.changes.appended + state.changes.rewritten > 0 and not state.without_news


def completeness(spec: DatasetSpec, where: str) -> str:
    """Return what a version follows from."""
    return (
        "It has no event time. A version follows from all that its inputs held when its session was planned; the "
        "watermark names these snapshots."
    )


MODE = Mode(
    name="versioned",
    meaning="each session adds a version, built from all that its inputs hold",
    plan=plan,
    restate=None,
    needed=("transform", "inputs"),
    refused=("landing", "event_time", "catch_up_limit", "max_range", "on_change"),
    reads_itself=True,
    reads_news=True,
    replaces="append",
    completeness=completeness,
)
