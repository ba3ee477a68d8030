"""How far a dataset gets once its sources are complete through an instant, from the specs alone.

A table's own completeness may lie ahead of its sources or behind them. The features of a day, for example, look only at
earlier days, so they are built through the end of today once the interactions are complete through its start.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime

from tidemark.errors import RequestRefused
from tidemark.planning import InputState
from tidemark.planning.windows import buildable_through, final_through
from tidemark.spec import DatasetSpec, InputSpec
from tidemark.state.changes import Changes
from tidemark.steps.input_state import bounds_reader


@dataclass(frozen=True)
class Reach:
    """How far a dataset can be complete and final. None: no source limits it."""

    complete_through: datetime | None
    final_through: datetime | None


def reach_of(dataset: str, specs: Mapping[str, DatasetSpec], landed_through: datetime) -> Reach:
    """Return how far a dataset gets once every source that follows the clock is complete through `landed_through`.

    It follows the rules by which sessions are planned. Raises RequestRefused for a dataset whose rows have no event
    time, such as a registry of versions.
    """
    spec = specs[dataset]
    if spec.event_time is None:
        raise RequestRefused(
            f"{dataset}: its rows have no event time, so the end of a run's interval says nothing about it; wait for "
            f"one of its inputs, or name an instant"
        )
    if spec.landing is not None:
        through = landed_through if spec.landing.completeness == "clock" else None
        return Reach(through, through)
    inputs = [
        _as_input(window, reach_of(window.dataset, specs, landed_through))
        for window in spec.inputs.values()
        if bounds_reader(spec, specs[window.dataset])
    ]
    built = buildable_through(spec, inputs).through
    return Reach(built, final_through(spec, inputs, built))


def _as_input(window: InputSpec, reach: Reach) -> InputState:
    """Return the state of an input that is complete that far. Planning reads nothing else of it here."""
    unchanged = Changes(None, 0, 0, 0, 0, ())
    return InputState(
        window, "", 0, unchanged, reach.complete_through, reach.final_through, published=True, bounds=True
    )
