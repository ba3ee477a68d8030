"""The modes of a dataset, one module each. To add a mode, add a module and a line in `MODES`."""

from __future__ import annotations

from tidemark.modes import source, stateful, stateless, versioned
from tidemark.modes.mode import Mode
from tidemark.planning.identity import with_session_id
from tidemark.planning.situation import Situation
from tidemark.spec.model import DatasetSpec
from tidemark.state.plan import Plan

__all__ = ["MODES", "Mode", "make_plan", "mode_of", "row_times_input"]

MODES: dict[str, Mode] = {mode.name: mode for mode in (source.MODE, stateless.MODE, stateful.MODE, versioned.MODE)}


def mode_of(spec: DatasetSpec) -> Mode:
    """Return the mode of a dataset."""
    return MODES[spec.mode]


def make_plan(situation: Situation) -> Plan:
    """Return the plan of the next session, with its id. It follows from the situation alone."""
    return with_session_id(mode_of(situation.spec).next_plan(situation))


def row_times_input(situation: Situation) -> str | None:
    """Return the name of the input whose row times the plan depends on; None if there is no such input."""
    return mode_of(situation.spec).row_times_input(situation)
