"""Versioned: a new version is made when any input changed, from the inputs as they are."""

from __future__ import annotations

from dataclasses import replace

from tidemark.modes.mode import Mode
from tidemark.planning.draft import draft, input_plans, latest, logic_changed, waiting
from tidemark.planning.situation import Situation
from tidemark.state.effect import NOTHING, TOUCH, AppendRows, ReplaceAll
from tidemark.state.plan import Plan


def plan(situation: Situation) -> Plan:
    """Append a version (or replace all rows by it); only positions move where no input changed content."""
    missing = waiting(situation)
    if missing:
        return draft(situation, NOTHING, missing)
    changed = [name for name, state in situation.inputs.items() if not state.own and _has_news(situation, name)]
    if logic_changed(situation):
        changed = [*changed, "the logic"]
    planned = draft(situation, NOTHING)
    if not changed and not situation.resync:
        return _without_news(situation, planned)
    known = [s.complete_through for s in situation.inputs.values() if s.bounds and s.complete_through]
    return replace(
        planned,
        effect=ReplaceAll() if situation.spec.replace == "whole" else AppendRows(),
        complete_through=latest(planned.complete_through, min(known, default=None)),
        final_through=latest(planned.final_through, min(known, default=None)),
        inputs=input_plans(situation, dict.fromkeys(situation.inputs)),
        notes=(*planned.notes, f"changed: {', '.join(changed)}"),
    )


def _without_news(situation: Situation, planned: Plan) -> Plan:
    """Positions follow what changed no row: else the inputs' snapshots would have to be kept for this reader."""
    planned = replace(planned, notes=(*planned.notes, "no input changed: there is nothing new to make a version from"))
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
    return state.changes.appended + state.changes.rewritten > 0


MODE = Mode(
    name="versioned",
    plan=plan,
    restate=None,
    needed=("transform", "inputs"),
    refused=("landing", "event_time", "catch_up_limit", "max_range", "on_change"),
    reads_itself=True,
    replaces="append",
)
