"""What planning needs to know, gathered by init from metadata."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from datetime import datetime

from tidemark.lineage.changes import Changes
from tidemark.spec import DatasetSpec, InputSpec
from tidemark.state.ranges import Ranges
from tidemark.state.watermark import FileRef, Request, Watermark


@dataclass(frozen=True)
class TargetState:
    """The target as it is: table uuid, main's snapshot id, schema id, watermark (None before the first session)."""

    uuid: str
    head: int
    schema_id: int
    watermark: Watermark | None


@dataclass(frozen=True)
class InputState:
    """One input as it is.

    `published` is False for a table that no session has filled yet. `bounds` says whether its completeness
    limits the target (static and versioned inputs do not). `own` marks the dataset reading itself. `held_from`
    is the least event time that retention has left. `at_position` is a snapshot that can be read and holds what the
    watermark's position does, None where that has expired.
    """

    spec: InputSpec
    uuid: str
    head: int
    changes: Changes
    complete_through: datetime | None
    final_through: datetime | None
    published: bool
    bounds: bool
    own: bool = False
    held_from: datetime | None = None
    at_position: int | None = None

    @property
    def waited_for(self) -> datetime | None:
        """The completeness that this target waits for."""
        return self.final_through if self.spec.waits_for == "final_through" else self.complete_through


@dataclass(frozen=True)
class Situation:
    """Everything that a plan follows from.

    `has_rows(input, ranges)` tells from metadata whether an input holds rows in some event times;
    `least_time(input)` its earliest one. `done` names the session which answered this request already.
    """

    spec: DatasetSpec
    target: TargetState
    inputs: Mapping[str, InputState]
    fingerprint: str
    logic: str
    clock: datetime
    has_rows: Callable[[str, Ranges], bool]
    least_time: Callable[[str], datetime | None]
    request: Request | None = None
    done: str | None = None
    resync: bool = False
    files: tuple[FileRef, ...] = ()
    completeness: str = "inputs"
    history: bool = False
    landed_through: datetime | None = None
    notes: tuple[str, ...] = field(default=())
