"""Versioned: a new version is made when any input changed, from the inputs as they are."""

from __future__ import annotations

from dataclasses import replace

from tidemark.planning.common import blank, input_plans, latest, logic_changed, waiting
from tidemark.planning.situation import Situation
from tidemark.state.plan import Plan
from tidemark.state.ranges import before
from tidemark.state.watermark import How


def plan(situation: Situation) -> Plan:
    """Append a version (or replace all rows by it); only positions move where no input changed content."""
    missing = waiting(situation)
    if missing:
        return blank(situation, How.nothing, missing)
    changed = [s.spec.name for s in situation.inputs.values() if not s.own and _has_news(situation, s.spec.name)]
    known = [s.complete_through for s in situation.inputs.values() if s.bounds and s.complete_through]
    draft = blank(situation, How.nothing)
    if logic_changed(situation):
        changed = [*changed, "the logic"]
    if not changed and not situation.resync:
        return _without_news(situation, draft)
    whole = situation.spec.replace == "whole"
    return replace(
        draft,
        how=How.overwrite if whole else How.append,
        ranges=before(None) if whole else (),
        complete_through=latest(draft.complete_through, min(known, default=None)),
        final_through=latest(draft.final_through, min(known, default=None)),
        inputs=input_plans(situation, dict.fromkeys(situation.inputs)),
        notes=(*draft.notes, f"changed: {', '.join(changed)}"),
    )


def _without_news(situation: Situation, draft: Plan) -> Plan:
    """The positions follow what changed no row: the inputs' snapshots would wait for this reader for ever."""
    draft = replace(draft, notes=(*draft.notes, "no input changed: there is nothing new to make a version from"))
    if not any(_has_moved(situation, name) for name in situation.inputs):
        return draft
    return replace(draft, how=How.touch, inputs=input_plans(situation, dict.fromkeys(situation.inputs)))


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
    changes = state.changes
    return changes.appended + changes.rewritten > 0
