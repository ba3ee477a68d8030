"""Rules that turn the state of a target and its inputs into a plan. Pure functions: no engine, no catalog, no clock.

    situation.py    the data that a plan follows from      draft.py        the parts common to all plans
    windows.py      the three uses of an input's window    retained.py     what the inputs still hold
    catch_up.py     large catch-ups in pieces              restatement.py  ranges that somebody asked for
    notes.py        the plan's notes for people            identity.py     the session's id

`tidemark.modes` holds the rules of each mode, which use these.
"""

from tidemark.planning.identity import with_session_id
from tidemark.planning.situation import InputState, LandingState, Situation, TargetState

__all__ = ["InputState", "LandingState", "Situation", "TargetState", "with_session_id"]
