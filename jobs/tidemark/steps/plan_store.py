"""Store plans in `ops.sessions` before they are carried out, and find them again in every later step."""

from __future__ import annotations

from tidemark.catalog import ops
from tidemark.state.cause import request_id_of
from tidemark.state.effect import Nothing
from tidemark.state.plan import Plan
from tidemark.steps.context import Context


def store(context: Context, plan: Plan) -> Plan:
    """Write the plan to `ops.sessions`, or return the stored one if the same plan was made before.

    A plan that does nothing is returned without being stored.
    """
    if isinstance(plan.effect, Nothing):
        return plan
    known = find_plan(context, plan.session)
    if known is not None:
        return known
    row = {
        "session": plan.session,
        "dataset": plan.dataset,
        "how": plan.how.value,
        "request_id": request_id_of(plan.cause),
        "base_snapshot": plan.base_snapshot,
        "plan": plan.to_json(),
        "planned_at": context.clock,
        "run": context.run,
    }
    if ops.append_once(context.lake, "ops.sessions", [row], ops.of_session(plan.session)):
        return plan
    return find_plan(context, plan.session) or plan


def find_plan(context: Context, session: str) -> Plan | None:
    """Return the stored plan of a session; None if there is none."""
    found = ops.rows(context.lake, "ops.sessions", ops.of_session(session), ("plan",))
    return Plan.from_json(found[0]["plan"]) if found else None
