"""How far a session reads an input that its run has pinned."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass


@dataclass(frozen=True)
class UpTo:
    """The input is read up to `snapshot`: the pinned one or, if `passed`, a later one that the target has read."""

    snapshot: int
    passed: bool = False


@dataclass(frozen=True)
class Unreachable:
    """The pinned snapshot is not in main's history any more, so the input is read as it is now."""


def read_end(history: Sequence[int], pinned: int, position: int | None, read_ahead: int | None) -> UpTo | Unreachable:
    """Return how far an input is read. `history` are main's snapshots, newest first.

    `position` and `read_ahead` are those of the target's watermark. If the target has read beyond the pin, for example
    because somebody ran it by hand, the input is read up to there: a position never moves backwards, and partitions
    that a backfill has built from newer rows are not built from older ones again.
    """
    if pinned not in history:
        return Unreachable()
    places = [history.index(read) for read in (position, read_ahead) if read in history]
    newest = min(places, default=len(history))
    if newest < history.index(pinned):
        return UpTo(history[newest], passed=True)
    return UpTo(pinned)
