"""The data that a plan follows from: the state of the target and its inputs, which init gathers from metadata."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import datetime

from tidemark.spec.model import DatasetSpec, InputSpec
from tidemark.state.cause import NEWS, Cause, Restatement, Resync
from tidemark.state.changes import Changes
from tidemark.state.effect import FileRef
from tidemark.state.ranges import Ranges
from tidemark.state.watermark import Watermark


@dataclass(frozen=True)
class TargetState:
    """The state of the target: table uuid, main's snapshot id, schema id, watermark (None before the first session)."""

    uuid: str
    head: int
    schema_id: int
    watermark: Watermark | None


@dataclass(frozen=True)
class InputState:
    """The state of one input.

    - `head`: the last snapshot that is read: main's, or an earlier one that the run has pinned.
    - `published`: False if no session has filled the table yet.
    - `bounds`: whether its completeness limits the target. Inputs that are static or have no event time do not.
    - `own`: True if the dataset reads its own rows.
    - `held_from`: the instant from which the input is whole; None if retention has dropped nothing.
    - `at_position`: a readable snapshot with the same rows as the watermark's position; None if that has expired.
    - `row_times`: the event times of the rows that the input holds, from the bounds of its files; None if they were
      not gathered, or if the rows have no event time.
    - `without_news`: True if the input only gained rows that cannot matter to the target.
    - `note`: what to tell people about how far it is read; None if it is read as it is now.
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
    row_times: Ranges | None = None
    without_news: bool = False
    note: str | None = None

    @property
    def waited_for(self) -> datetime | None:
        """The completeness that the target waits for; None if the input sets none."""
        return self.final_through if self.spec.waits_for == "final_through" else self.complete_through


@dataclass(frozen=True)
class LandingState:
    """The new files of a source, and how far it is complete.

    `complete_through` is None if the clock does not decide it. `complete_by_rows` and `history` mean the same as in
    `AppendFiles`.
    """

    files: tuple[FileRef, ...] = ()
    complete_through: datetime | None = None
    complete_by_rows: bool = False
    history: bool = False


@dataclass(frozen=True)
class Situation:
    """Everything that a plan follows from. `answered_by` is the session that has already carried out the request."""

    spec: DatasetSpec
    target: TargetState
    inputs: Mapping[str, InputState]
    fingerprint: str
    logic: str
    clock: datetime
    cause: Cause = NEWS
    answered_by: str | None = None
    landing: LandingState = field(default_factory=LandingState)
    notes: tuple[str, ...] = ()

    @property
    def resync(self) -> bool:
        """Whether the session is a resync: the whole target is rebuilt."""
        return isinstance(self.cause, Resync)

    @property
    def restatement(self) -> Restatement | None:
        """The cause, if the session is a restatement; None otherwise."""
        return self.cause if isinstance(self.cause, Restatement) else None
