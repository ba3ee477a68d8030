"""What a session does to its target: one type for each kind, with exactly the data of that kind.

The mode of the dataset decides the effect while planning; an adoption or a declaration is always a touch. The steps
write, audit, publish and commit follow the effect. Only the audit asks the mode too: whether no rows are a fault.
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
    """A landed file: POSIX path below the landing folder, size in bytes, SHA-256 in hex, and when it was written."""

    path: str
    size: int
    sha256: str
    written_at: datetime | None = None


@dataclass(frozen=True)
class AppendFiles:
    """Append the records of landed files.

    `history` marks files of past events that are handed in while the table has no watermark yet. If
    `complete_by_rows` is true, the source is complete through the end of the hour of its latest row; otherwise it is
    complete through the clock less the settling time.
    """

    KIND: ClassVar = "append_files"

    files: tuple[FileRef, ...]
    history: bool = False
    complete_by_rows: bool = False


@dataclass(frozen=True)
class AppendRows:
    """Append the rows that the transform returns. Each input of the plan says which of its rows are read."""

    KIND: ClassVar = "append_rows"


@dataclass(frozen=True)
class ReplaceRanges:
    """Rebuild `ranges` of event time. The target's old rows in `cleared`, which contains `ranges`, are removed."""

    KIND: ClassVar = "replace_ranges"

    ranges: Ranges
    cleared: Ranges


@dataclass(frozen=True)
class ReplaceAll:
    """Replace all rows of the target by those of `ranges`. `ranges` is empty if the rows are not clipped by time."""

    KIND: ClassVar = "replace_all"

    ranges: Ranges = ()


@dataclass(frozen=True)
class Touch:
    """Move only the watermark: no row changes, and main stays at its snapshot."""

    KIND: ClassVar = "touch"


@dataclass(frozen=True)
class Nothing:
    """Do nothing. Such a plan is not stored."""

    KIND: ClassVar = "nothing"


Effect = AppendFiles | AppendRows | ReplaceRanges | ReplaceAll | Touch | Nothing

TOUCH = Touch()
NOTHING = Nothing()


def how(effect: Effect) -> How:
    """Return the word for an effect in `ops`."""
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
    """Return whether a session with this effect writes a snapshot that has to be audited."""
    return not isinstance(effect, Touch | Nothing)


def built_ranges(effect: Effect) -> Ranges:
    """Return the event times that the transform has to produce; empty if the session has no ranges."""
    return effect.ranges if isinstance(effect, ReplaceRanges | ReplaceAll) else ()


def cleared_ranges(effect: Effect) -> Ranges | None:
    """Return the event times whose rows the session replaces; None if its changes are not limited by event time."""
    return effect.cleared if isinstance(effect, ReplaceRanges) else None


def files_of(effect: Effect) -> tuple[FileRef, ...]:
    """Return the files that a session lands."""
    return effect.files if isinstance(effect, AppendFiles) else ()
