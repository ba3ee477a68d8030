"""The parts of a plan that do not depend on the mode: its starting point, its inputs, and its logic."""

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


def waiting_note(situation: Situation) -> str | None:
    """Return a note that names the inputs which no session has filled yet; None if the target need not wait.

    Optional inputs, and the dataset's own rows, are not waited for.
    """
    missing = [
        state.spec.dataset
        for state in situation.inputs.values()
        if not (state.published or state.spec.optional or state.own)
    ]
    return f"waits for {', '.join(missing)}: nothing published there yet" if missing else None


def draft(situation: Situation, effect: Effect, *notes: str) -> Plan:
    """Return a plan with its starting point, and with the promises of the target's watermark carried over.

    A resync carries nothing over: if an input was rolled back, its completeness is less than it was.
    """
    target = situation.target
    carried = None if situation.resync else target.watermark
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
        owed=carried.owed if carried else (),
        overdue=carried.overdue if carried else (),
        complete_through=carried.complete_through if carried else None,
        final_through=carried.final_through if carried else None,
        previous=target.watermark,
        borders=borders(situation),
        notes=(*situation.notes, *notes),
    )


def replacement(situation: Situation, ranges: Ranges) -> Effect:
    """Return the effect that rebuilds `ranges`, which are not empty.

    A resync also removes the rows after them, because its inputs may be complete through less than before.
    """
    if not situation.resync:
        return ReplaceRanges(ranges, ranges)
    if ranges[0].start == BEGINNING:
        return ReplaceAll(ranges)
    return ReplaceRanges(ranges, ranges if ranges[-1].end == END else union(ranges, from_on(ranges[-1].end)))


def touch_or_nothing(plan: Plan) -> Effect:
    """Return the effect of a plan that changes no row: a touch if its watermark says anything new, else nothing."""
    return TOUCH if watermark_moves(plan.previous, plan) else NOTHING


def logic_changed(situation: Situation) -> bool:
    """Return whether the table was built by another logic than today's."""
    previous = situation.target.watermark
    return previous is not None and previous.logic not in ("", situation.logic)


def rebuilds_all(situation: Situation) -> bool:
    """Return whether the logic changed and everything that the inputs hold is rebuilt because of it."""
    wanted = situation.resync or situation.spec.on_change == "rebuild"
    return logic_changed(situation) and situation.restatement is None and wanted


def borders(situation: Situation) -> tuple[Border, ...]:
    """Return which rows follow from an older logic: those that the new logic does not rebuild, or cannot rebuild."""
    previous = situation.target.watermark
    if previous is None or not situation.spec.rebuilds_ranges:
        return ()
    if situation.resync or rebuilds_all(situation):
        return _borders_below_retained(situation, previous)
    if not logic_changed(situation) or situation.restatement is not None:
        return previous.borders
    return (*previous.borders, Border(previous.logic, previous.complete_through))


def _borders_below_retained(situation: Situation, previous: Watermark) -> tuple[Border, ...]:
    """Return the borders after a rebuild of everything that the inputs hold.

    Rows below that stay as they are, and so keep the logic that built them.
    """
    start = retained(situation)[0].start
    if start == BEGINNING:
        return ()
    left = [border for border in previous.borders if border.through is not None and border.through < start]
    beyond = [border.logic for border in previous.borders[len(left) :]]
    if beyond or logic_changed(situation):
        left.append(Border(beyond[0] if beyond else previous.logic, start))
    return tuple(left)


def logic_note(situation: Situation) -> tuple[str, ...]:
    """Return a note if the logic differs from the one that built the table; it says what the session does about it."""
    previous = situation.target.watermark
    if previous is None or not logic_changed(situation):
        return ()
    changed = f"the logic changed since the table was built ({previous.logic} -> {situation.logic})"
    if situation.restatement is not None:
        return (f"{changed}: the new logic rebuilds this range",)
    if rebuilds_all(situation):
        return (f"{changed}: everything that the inputs hold is rebuilt",)
    return (f"{changed}: the new logic applies from now on; what was built before follows from the old logic",)


def input_plans(
    situation: Situation,
    reads: Mapping[str, Ranges | None],
    at_watermark: bool = False,
    added_only: bool = False,
) -> dict[str, InputPlan]:
    """Return the inputs of a plan. Their positions are the heads of their main branches.

    Rows are read as of the heads or, with `at_watermark`, as of the watermark's positions. With `added_only`, only
    the rows added since the position are read, if the input was read before. Raises RequestRefused if a session
    `at_watermark` needs a position that has expired.
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
            f"{name}: no range can be rebuilt now, because the snapshot of {state.spec.dataset} that its watermark "
            f"names has expired. Take in the new rows first (tidemark run {name}), then ask again"
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
    """Return the latest of the instants that are not None; None if there is none."""
    known = [instant for instant in instants if instant is not None]
    return max(known) if known else None


def watermark_moves(previous: Watermark | None, plan: Plan) -> bool:
    """Return whether the plan's watermark says anything new, apart from session and snapshot."""
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
