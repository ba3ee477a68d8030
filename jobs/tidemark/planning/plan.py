"""From a situation to a plan: which of the kinds of session it is, and its identity."""

from __future__ import annotations

import hashlib
import json
from collections.abc import Callable
from dataclasses import replace

from tidemark.modes import source, stateful, stateless, versioned
from tidemark.planning import backfill
from tidemark.planning.situation import Situation
from tidemark.state.plan import Plan, plan_to_dict
from tidemark.state.watermark import How

_PLANNERS: dict[str, Callable[[Situation], Plan]] = {
    "source": source.plan,
    "stateless": stateless.plan,
    "stateful": stateful.plan,
    "versioned": versioned.plan,
}
_NOT_CONTENT = ("clock", "notes", "session")


def make_plan(situation: Situation) -> Plan:
    """The plan of the next session, with its id. A function of the situation alone."""
    planner = backfill.plan if situation.request else _PLANNERS[situation.spec.mode]
    return with_session_id(planner(situation))


def with_session_id(plan: Plan) -> Plan:
    """Name the plan after its content; the clock takes no part. The date in the name is for people."""
    if plan.how is How.nothing:
        return replace(plan, session="")
    content = {key: value for key, value in plan_to_dict(plan).items() if key not in _NOT_CONTENT}
    digest = hashlib.sha256(json.dumps(content, sort_keys=True).encode()).hexdigest()[:12]
    through = plan.complete_through
    date = "undated" if through is None else f"{through:%Y%m%d}"
    return replace(plan, session=f"{date}-{digest}")
