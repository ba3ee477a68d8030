"""What a session does to its target, each kind with exactly its data.

The mode of the dataset decides it while planning. write, audit, publish and commit look at the effect and at
nothing else.
"""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime
from enum import StrEnum
from typing import ClassVar, assert_never

from tidemark.state.ranges import Ranges


class How(StrEnum):
    """The word for an effect in the `how` column of `ops.sessions` and `ops.high_watermarks`."""

    append = "append"
    overwrite = "overwrite"
    touch = "touch"
    nothing = "nothing"


@dataclass(frozen=True)
class FileRef:
    """A landed file: path below the landing folder (posix), size in bytes, sha256 in hex, when it was written."""

    path: str
    size: int
    sha256: str
    written_at: datetime | None = None


@dataclass(frozen=True)
class AppendFiles:
    """Append the records of landed files.

    `history` marks files that are handed in on an empty table. `complete_by_rows` says that the source is complete
    through the last hour that its rows show, instead of by the clock.
    """

    KIND: ClassVar = "append_files"

    files: tuple[FileRef, ...]
    history: bool = False
    complete_by_rows: bool = False


@dataclass(frozen=True)
class AppendRows:
    """Append what the transform returns. Each input of the plan says which of its rows are read."""

    KIND: ClassVar = "append_rows"


@dataclass(frozen=True)
class ReplaceRanges:
    """Rebuild `ranges` of event time. The rows of `cleared`, which contains them, are removed."""

    KIND: ClassVar = "replace_ranges"

    ranges: Ranges
    cleared: Ranges


@dataclass(frozen=True)
class ReplaceAll:
    """Replace all rows of the target by the rows of `ranges`; empty where rows have no event time to clip by."""

    KIND: ClassVar = "replace_all"

    ranges: Ranges = ()


@dataclass(frozen=True)
class Touch:
    """Move the watermark only: no row changes, and main stays at its snapshot."""

    KIND: ClassVar = "touch"


@dataclass(frozen=True)
class Nothing:
    """Do nothing. Such a plan is not stored."""

    KIND: ClassVar = "nothing"


Effect = AppendFiles | AppendRows | ReplaceRanges | ReplaceAll | Touch | Nothing

TOUCH = Touch()
NOTHING = Nothing()


def how(effect: Effect) -> How:
    """The published word for an effect."""
    match effect:
        case AppendFiles() | AppendRows():
            return How.append
        case ReplaceRanges() | ReplaceAll():
            return How.overwrite
        case Touch():
            return How.touch
        case Nothing():
            return How.nothing
        case _:
            assert_never(effect)


def stages_rows(effect: Effect) -> bool:
    """Whether a session with this effect writes a snapshot that has to be audited."""
    return not isinstance(effect, Touch | Nothing)


def built_ranges(effect: Effect) -> Ranges:
    """The event times that the transform has to produce; empty where it is not told any."""
    return effect.ranges if isinstance(effect, ReplaceRanges | ReplaceAll) else ()


def cleared_ranges(effect: Effect) -> Ranges | None:
    """The event times whose rows the session replaces; None where no event time limits what it changes."""
    return effect.cleared if isinstance(effect, ReplaceRanges) else None


def files_of(effect: Effect) -> tuple[FileRef, ...]:
    """The files that a session lands."""
    return effect.files if isinstance(effect, AppendFiles) else ()
