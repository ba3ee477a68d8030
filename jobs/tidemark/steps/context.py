"""The values that every step of a session works with."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import datetime

from tidemark.catalog import Lake
from tidemark.errors import RequestRefused
from tidemark.settings import Settings
from tidemark.spec import Column, DatasetSpec
from tidemark.state.pin import Pins


@dataclass(frozen=True)
class Context:
    """Settings, the open lake, all specs, and `clock`, the instant of the run.

    `run` names the run for people, as `ops.sessions` records it; None without a scheduler. `pins` are the inputs that
    usual sessions of the run read as they were when it began.
    """

    settings: Settings
    lake: Lake
    specs: Mapping[str, DatasetSpec]
    clock: datetime
    run: str | None = None
    pins: Pins = field(default_factory=dict)

    def spec(self, dataset: str) -> DatasetSpec:
        """Return the spec of a dataset. Raises RequestRefused if it is unknown."""
        return find_spec(self.specs, dataset)

    def input_event_time(self, spec: DatasetSpec, name: str) -> Column | None:
        """Return the column of an input that its rows are read by: the one that the reader names, or its event time."""
        window = spec.inputs[name]
        upstream = self.spec(window.dataset)
        event_time = window.event_time or upstream.event_time
        return None if event_time is None else upstream.columns[event_time]


def find_spec(specs: Mapping[str, DatasetSpec], dataset: str) -> DatasetSpec:
    """Return the spec of a dataset. Raises RequestRefused if it is unknown."""
    try:
        return specs[dataset]
    except KeyError:
        raise RequestRefused(f"dataset: {dataset[:80]!r} is unknown; known are: {', '.join(sorted(specs))}") from None
