"""Working out a session's plan from what is known about its target and inputs: pure, no engine, no catalog, no clock.

    situation.py    what a plan follows from        draft.py        what each plan starts with
    windows.py      the three uses of a window      retained.py     what the inputs still hold
    catch_up.py     large catch-ups in pieces       restatement.py  ranges that somebody asked for
    identity.py     the session's id

How a dataset of a mode is planned stands in `tidemark.modes`.
"""

from tidemark.planning.identity import with_session_id
from tidemark.planning.situation import InputState, LandingState, Situation, TargetState

__all__ = ["InputState", "LandingState", "Situation", "TargetState", "with_session_id"]
