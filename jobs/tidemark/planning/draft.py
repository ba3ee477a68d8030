"""The parts of a plan that do not depend on the mode: where it starts from, its inputs, and its logic."""

from __future__ import annotations

from collections.abc import Mapping
from datetime import datetime

from tidemark.errors import RequestRefused
from tidemark.planning.retained import retained
from tidemark.planning.situation import InputState, Situation
from tidemark.state.effect import NOTHING, TOUCH, Effect, ReplaceAll, ReplaceRanges
from tidemark.state.plan import InputPlan, Plan
from tidemark.state.ranges import BEGINNING, END, Ranges, from_on, union
from tidemark.state.watermark import Border, Watermark


def waiting(situation: Situation) -> str | None:
    """A sentence naming the inputs that no session has filled yet, None where all are there."""
    missing = [
        state.spec.dataset
        for state in situation.inputs.values()
        if not (state.published or state.spec.optional or state.own)
    ]
    return f"waits for {', '.join(missing)}: nothing published there yet" if missing else None


def draft(situation: Situation, effect: Effect, *notes: str) -> Plan:
    """A plan that says where it starts from and promises what the watermark promised.

    A resync promises what its inputs promise now, which is less than before where one was rolled back.
    """
    target = situation.target
    known = None if situation.resync else target.watermark
    return Plan(
        dataset=situation.spec.dataset,
        table_uuid=target.uuid,
        base_snapshot=target.head,
        schema_id=target.schema_id,
        fingerprint=situation.fingerprint,
        logic=situation.logic,
        clock=situation.clock,
        effect=effect,
        cause=situation.cause,
        owed=known.owed if known else (),
        overdue=known.overdue if known else (),
        complete_through=known.complete_through if known else None,
        final_through=known.final_through if known else None,
        previous=target.watermark,
        borders=borders(situation),
        notes=(*situation.notes, *notes),
    )


def replacing(situation: Situation, ranges: Ranges) -> Effect:
    """Rebuild ranges. A resync also removes the rows after them: its inputs may promise less than they did."""
    if not situation.resync:
        return ReplaceRanges(ranges, ranges)
    if ranges[0].start == BEGINNING:
        return ReplaceAll(ranges)
    return ReplaceRanges(ranges, ranges if ranges[-1].end == END else union(ranges, from_on(ranges[-1].end)))


def touch_or_nothing(plan: Plan) -> Effect:
    """What a session that changes no row does: it publishes its watermark where that says anything new."""
    return TOUCH if watermark_moves(plan.previous, plan) else NOTHING


def logic_changed(situation: Situation) -> bool:
    """Whether the table was built by another logic than today's."""
    previous = situation.target.watermark
    return previous is not None and previous.logic not in ("", situation.logic)


def rebuilds(situation: Situation) -> bool:
    """Whether a changed logic is followed by a rebuild of all that the inputs hold."""
    wanted = situation.resync or situation.spec.on_change == "rebuild"
    return logic_changed(situation) and situation.restatement is None and wanted


def borders(situation: Situation) -> tuple[Border, ...]:
    """Which rows follow from an older logic: those that a new logic does not rebuild, or cannot."""
    previous = situation.target.watermark
    if previous is None or not situation.spec.rebuilds_ranges:
        return ()
    if situation.resync or rebuilds(situation):
        return _below_what_is_retained(situation, previous)
    if not logic_changed(situation) or situation.restatement is not None:
        return previous.borders
    return (*previous.borders, Border(previous.logic, previous.complete_through))


def _below_what_is_retained(situation: Situation, previous: Watermark) -> tuple[Border, ...]:
    """Rows that a rebuild leaves, because the inputs no longer hold theirs, keep the logic that they had."""
    start = retained(situation)[0].start
    if start == BEGINNING:
        return ()
    left = [border for border in previous.borders if border.through is not None and border.through < start]
    beyond = [border.logic for border in previous.borders[len(left) :]]
    if beyond or logic_changed(situation):
        left.append(Border(beyond[0] if beyond else previous.logic, start))
    return tuple(left)


def logic_note(situation: Situation) -> tuple[str, ...]:
    """Say when the logic differs from the one that built the table, and what follows."""
    previous = situation.target.watermark
    if previous is None or not logic_changed(situation):
        return ()
    changed = f"the logic changed since the table was built ({previous.logic} -> {situation.logic})"
    if situation.restatement is not None:
        return (f"{changed}: this range is rebuilt by the new one",)
    if rebuilds(situation):
        return (f"{changed}: all that the inputs hold is rebuilt",)
    return (f"{changed}: it counts from now on, what was built before follows from the old one",)


def input_plans(
    situation: Situation,
    reads: Mapping[str, Ranges | None],
    at_watermark: bool = False,
    added_only: bool = False,
) -> dict[str, InputPlan]:
    """The inputs of a plan: positions at main's heads, rows read there (or at the watermark's position).

    `added_only`: where an input was read before, only the rows that were added since are read.
    """
    return {
        name: _input_plan(state, _read_snapshot(situation, state, at_watermark), reads.get(name), added_only)
        for name, state in situation.inputs.items()
    }


def _read_snapshot(situation: Situation, state: InputState, at_watermark: bool) -> int:
    previous = situation.target.watermark
    if state.own:
        return situation.target.head
    if not (at_watermark and previous and state.spec.name in previous.inputs):
        return state.head
    if state.at_position is None:
        name = situation.spec.dataset
        raise RequestRefused(
            f"{name}: the snapshot of {state.spec.dataset} through which it is built has expired, so no range can be "
            f"rebuilt as of it; take in what is new first (tidemark run {name}), then ask again"
        )
    return state.at_position


def _input_plan(state: InputState, read_snapshot: int, reads: Ranges | None, added_only: bool) -> InputPlan:
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
        held_from=state.held_from,
        added_only=added_only and state.changes.from_snapshot is not None,
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
        or plan.owed != previous.owed
        or plan.watermark(previous.snapshot).logic != previous.logic
    )
