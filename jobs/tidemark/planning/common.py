"""Pieces that the planners share."""

from __future__ import annotations

from collections.abc import Mapping
from datetime import datetime

from tidemark.planning.state import InputState, Situation
from tidemark.plans import InputPlan, Plan
from tidemark.ranges import Ranges, format_instant
from tidemark.records import How, Watermark


def waiting(situation: Situation) -> str | None:
    """A sentence naming the inputs that no session has filled yet, None where all are there."""
    missing = [
        state.spec.dataset
        for state in situation.inputs.values()
        if not (state.published or state.spec.optional or state.own)
    ]
    return f"waits for {', '.join(missing)}: nothing published there yet" if missing else None


def blank(situation: Situation, how: How, *notes: str) -> Plan:
    """A plan that says where it starts from and nothing else yet."""
    target = situation.target
    previous = target.watermark
    return Plan(
        dataset=situation.spec.dataset,
        table_uuid=target.uuid,
        how=how,
        base_snapshot=target.head,
        fingerprint=situation.fingerprint,
        clock=situation.clock,
        owed=previous.owed if previous else (),
        overdue=previous.overdue if previous else (),
        complete_through=previous.complete_through if previous else None,
        final_through=previous.final_through if previous else None,
        previous=previous,
        request=situation.request,
        resync=situation.resync,
        notes=(*situation.notes, *logic_note(situation), *notes),
    )


def logic_note(situation: Situation) -> tuple[str, ...]:
    """Say when the logic differs from the one that built the table; landed rows and versions stand alone."""
    built = situation.target.watermark.fingerprint if situation.target.watermark else ""
    if not built or built == situation.fingerprint or situation.spec.mode in ("source", "versioned"):
        return ()
    return (
        f"the logic changed since the table was built ({built} -> {situation.fingerprint}): "
        f"this session uses the new one; rebuild older ranges by a backfill",
    )


def input_plans(
    situation: Situation, reads: Mapping[str, Ranges | None], at_watermark: bool = False
) -> dict[str, InputPlan]:
    """The inputs of a plan: positions at main's heads, rows read there (or at the watermark's position)."""
    plans = {}
    previous = situation.target.watermark
    for name, state in situation.inputs.items():
        if state.own:
            plans[name] = _input_plan(state, situation.target.head, reads.get(name))
            continue
        position = previous.inputs.get(name) if previous and at_watermark else None
        read = position.snapshot if position else state.head
        plans[name] = _input_plan(state, read, reads.get(name))
    return plans


def _input_plan(state: InputState, read_snapshot: int, reads: Ranges | None) -> InputPlan:
    return InputPlan(
        dataset=state.spec.dataset,
        uuid=state.uuid,
        from_snapshot=state.changes.from_snapshot,
        to_snapshot=state.changes.to_snapshot,
        read_snapshot=read_snapshot,
        complete_through=state.complete_through,
        final_through=state.final_through,
        reads=reads,
        changes=state.changes.describe(),
    )


def latest(*instants: datetime | None) -> datetime | None:
    """The latest of the instants that are known."""
    known = [instant for instant in instants if instant is not None]
    return max(known) if known else None


def watermark_moves(previous: Watermark | None, plan: Plan) -> bool:
    """Whether publishing the plan's watermark would say anything new."""
    if previous is None:
        return True
    positions = {name: i.position for name, i in plan.inputs.items() if i.dataset != plan.dataset}
    known = {name: p for name, p in previous.inputs.items() if name in positions}
    return (
        positions != known
        or plan.complete_through != previous.complete_through
        or plan.final_through != previous.final_through
        or plan.overdue != previous.overdue
    )


def complete_note(plan_through: datetime | None, limiting: str) -> str:
    """Say through when the target is complete, and which input sets that."""
    if plan_through is None:
        return "complete through: unbounded"
    by = f", set by {limiting}" if limiting else ""
    return f"complete through {format_instant(plan_through)}{by}"
