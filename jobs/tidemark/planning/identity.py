"""The id of a session, derived from what its plan contains."""

from __future__ import annotations

import hashlib
import json
from dataclasses import replace

from tidemark.state.codec import encode
from tidemark.state.effect import Nothing
from tidemark.state.plan import Plan

_NOT_CONTENT = ("clock", "notes", "session")


def with_session_id(plan: Plan) -> Plan:
    """Return the plan with an id that is a hash of its content; a plan that does nothing gets an empty one.

    Clock and notes take no part in the hash. The date in front of it is for people: `complete_through`.
    """
    if isinstance(plan.effect, Nothing):
        return replace(plan, session="")
    content = {key: value for key, value in encode(plan).items() if key not in _NOT_CONTENT}
    digest = hashlib.sha256(json.dumps(content, sort_keys=True).encode()).hexdigest()[:12]
    through = plan.complete_through
    date = "undated" if through is None else f"{through:%Y%m%d}"
    return replace(plan, session=f"{date}-{digest}")
