"""A plan in words, for the log of a task and for `tidemark plan`: one fact a line, without columns."""

from __future__ import annotations

from tidemark.state.cause import Restatement
from tidemark.state.effect import How
from tidemark.state.plan import Plan
from tidemark.state.ranges import describe, format_instant, to_minutes
from tidemark.support.text import count

_DECISIONS = {
    How.append: "append the added rows",
    How.overwrite: "rebuild",
    How.touch: "move the watermark only: no rows change",
}


def explain(plan: Plan) -> str:
    """Return the plan in a few lines: what changed in each input, what is rebuilt, held back, owed and overdue."""
    is_idle = plan.how is How.nothing
    lines = [f"{plan.dataset}: nothing to do" if is_idle else f"{plan.dataset}: {plan.how}, session {plan.session}"]
    lines += [f"  input {name}: {i.changes}" for name, i in plan.inputs.items()]
    if plan.files:
        lines.append(f"  files: {len(plan.files):,} new, {count(sum(f.size for f in plan.files), 'byte')}")
    if not is_idle:
        lines.append(f"  decision: {_DECISIONS[plan.how]}" + (f" {describe(plan.ranges)}" if plan.ranges else ""))
    if plan.held_back:
        lines.append(f"  held back: {describe(to_minutes(plan.held_back))}, until the inputs are complete there")
    if plan.owed:
        lines.append(f"  owed: {describe(plan.owed)}, which the next sessions rebuild")
    if plan.overdue:
        lines.append(f"  overdue: {describe(plan.overdue)}")
    if plan.previous and plan.previous.complete_through:
        lines.append(f"  before: complete through {format_instant(plan.previous.complete_through)}")
    if plan.cause.reason and not isinstance(plan.cause, Restatement):
        lines.append(f"  by hand: {plan.cause.reason}")
    lines += [f"  note: {note}" for note in plan.notes]
    return "\n".join(lines)
