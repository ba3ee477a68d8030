"""The modes of a dataset, one module each. A new mode is a module of its own and a line in `MODES`."""

from __future__ import annotations

from tidemark.modes import source, stateful, stateless, versioned
from tidemark.modes.mode import Mode
from tidemark.planning.identity import with_session_id
from tidemark.planning.situation import Situation
from tidemark.spec.model import DatasetSpec
from tidemark.state.plan import Plan

__all__ = ["MODES", "Mode", "make_plan", "mode_of", "rows_looked_at"]

MODES: dict[str, Mode] = {mode.name: mode for mode in (source.MODE, stateless.MODE, stateful.MODE, versioned.MODE)}


def mode_of(spec: DatasetSpec) -> Mode:
    """The mode of a dataset."""
    return MODES[spec.mode]


def make_plan(situation: Situation) -> Plan:
    """The plan of the next session, with its id. A function of the situation alone."""
    return with_session_id(mode_of(situation.spec).next_plan(situation))


def rows_looked_at(situation: Situation) -> str | None:
    """The input whose row times the plan depends on; None where it depends on no input's."""
    return mode_of(situation.spec).rows_looked_at(situation)
