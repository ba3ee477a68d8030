"""Why a session runs. Whoever starts the session decides it, and the plan keeps it.

There is one exception: a source has no ranges to rebuild, so a restatement of a source is planned as news, which lands
the files that are missing.
"""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime
from typing import ClassVar

from tidemark.state.ranges import Interval
from tidemark.state.watermark import Watermark


@dataclass(frozen=True)
class News:
    """The usual session: it takes in what changed in the inputs since the watermark."""

    KIND: ClassVar = "news"

    @property
    def reason(self) -> str:
        """Nobody has to give a reason for a usual session."""
        return ""


@dataclass(frozen=True)
class Restatement:
    """A range of event time is rebuilt because a person or a scheduler asked for it (a backfill).

    `request_id` names the request: two requests with the same id are carried out once.
    """

    KIND: ClassVar = "restatement"

    range: Interval
    request_id: str
    reason: str


@dataclass(frozen=True)
class Resync:
    """The whole target is rebuilt from what its inputs hold now; the positions in its watermark are ignored."""

    KIND: ClassVar = "resync"

    reason: str = ""


@dataclass(frozen=True)
class Adoption:
    """A person accepts what main holds after it was changed by hand; `watermark` is the one that belongs to it."""

    KIND: ClassVar = "adoption"

    watermark: Watermark
    reason: str


@dataclass(frozen=True)
class Declaration:
    """A person says that a source has all records that it will ever have before `through`."""

    KIND: ClassVar = "declaration"

    through: datetime
    reason: str


Cause = News | Restatement | Resync | Adoption | Declaration

NEWS = News()


def request_id_of(cause: Cause) -> str | None:
    """Return the id of the request that a restatement answers; None for any other cause."""
    return cause.request_id if isinstance(cause, Restatement) else None
