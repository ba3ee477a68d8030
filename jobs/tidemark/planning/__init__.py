"""Working out a session's plan from what is known about its target and inputs: pure, no engine, no clock."""

from tidemark.planning.plan import make_plan, with_session_id
from tidemark.planning.situation import InputState, Situation, TargetState

__all__ = ["InputState", "Situation", "TargetState", "make_plan", "with_session_id"]
