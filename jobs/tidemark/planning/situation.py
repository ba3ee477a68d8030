"""What a plan follows from: how the target and its inputs stand, gathered by init from metadata, as plain data."""

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
    watermark's position does, None where that has expired. `row_spans` are the event times of the rows that the
    input holds, from the bounds of its files; None where nobody looked, or where its rows have no event time.
    `without_news` says that the input gained rows which cannot matter to the target.
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
    row_spans: Ranges | None = None
    without_news: bool = False

    @property
    def waited_for(self) -> datetime | None:
        """The completeness that this target waits for."""
        return self.final_through if self.spec.waits_for == "final_through" else self.complete_through


@dataclass(frozen=True)
class LandingState:
    """What lies in the landing folder for a source, and how far that makes it complete.

    `complete_through` is None where the clock does not say it. `complete_by_rows` and `history` are those of
    `AppendFiles`.
    """

    files: tuple[FileRef, ...] = ()
    complete_through: datetime | None = None
    complete_by_rows: bool = False
    history: bool = False


@dataclass(frozen=True)
class Situation:
    """Everything that a plan follows from. `answered_by` names the session that carried out this request already."""

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
        """Whether the whole target is rebuilt, whatever its watermark says."""
        return isinstance(self.cause, Resync)

    @property
    def restatement(self) -> Restatement | None:
        """The range that was asked for, None in any other session."""
        return self.cause if isinstance(self.cause, Restatement) else None
