"""What the loop remembers: requests, landed files and watermarks, as frozen data with a stable JSON form."""

from __future__ import annotations

import json
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from datetime import datetime
from enum import StrEnum
from typing import Any, Final

from tidemark.state.codec import as_is, given, read_instant, read_ranges, write_instant, write_ranges
from tidemark.state.ranges import Interval, Ranges


class How(StrEnum):
    """What a session does to its target. Decided by init, and never looked at through the mode again."""

    append = "append"
    overwrite = "overwrite"
    touch = "touch"
    nothing = "nothing"


@dataclass(frozen=True)
class Request:
    """A restatement asked for by a person or a scheduler.

    `request_id` names the asking, so that asking once does it once.
    """

    range: Interval
    request_id: str
    reason: str


@dataclass(frozen=True)
class FileRef:
    """A landed file: path below the landing folder (posix), size in bytes, sha256 in hex, when it was written."""

    path: str
    size: int
    sha256: str
    written_at: datetime | None = None


@dataclass(frozen=True)
class Position:
    """How far one input has been consumed: table uuid, last snapshot (inclusive), its completeness then.

    `held_from` is the least event time that the input still holds, once retention has dropped what lay before.
    `read_ahead` is the newest snapshot that a backfill has read, where that lies after `snapshot`.
    """

    uuid: str
    snapshot: int
    complete_through: datetime | None
    held_from: datetime | None = None
    read_ahead: int | None = None


@dataclass(frozen=True)
class Border:
    """Where one logic ends and the next begins: what was complete before `through` follows from `logic`."""

    logic: str
    through: datetime | None


@dataclass(frozen=True)
class Watermark:
    """What a published table was built from.

    It lies in the target's own metadata and is changed only by the commit that publishes.
    `snapshot` is the target snapshot the session published; `owed` are ranges whose input is consumed but
    which are not rebuilt yet; `overdue` are ranges beyond the catch-up limit, waiting for a backfill. `logic`
    is what the rows follow from, but for what is owed; `borders` say which rows follow from an older one.
    """

    session: str
    snapshot: int
    complete_through: datetime | None
    final_through: datetime | None
    inputs: Mapping[str, Position] = field(default_factory=dict)
    owed: Ranges = ()
    overdue: Ranges = ()
    logic: str = ""
    borders: tuple[Border, ...] = ()

    def to_json(self) -> str:
        """One line, keys sorted: equal watermarks give equal text."""
        inputs = {name: _position_to_dict(position) for name, position in self.inputs.items()}
        content = {
            "session": self.session,
            "snapshot": self.snapshot,
            "complete_through": write_instant(self.complete_through),
            "final_through": write_instant(self.final_through),
            "inputs": inputs,
            "owed": write_ranges(self.owed),
            "overdue": write_ranges(self.overdue),
            "logic": self.logic,
            "borders": write_borders(self.borders),
        }
        return json.dumps(content, sort_keys=True)

    @staticmethod
    def from_json(text: str) -> Watermark:
        """Read what `to_json` wrote, in this version or one before."""
        return Watermark(**given(json.loads(text), _WATERMARK))


def write_borders(borders: tuple[Border, ...]) -> list[list[str | None]]:
    """Borders as pairs of texts."""
    return [[border.logic, write_instant(border.through)] for border in borders]


def read_borders(raw: list[tuple[str, str | None]]) -> tuple[Border, ...]:
    """Read what `write_borders` wrote."""
    return tuple(Border(logic, read_instant(through)) for logic, through in raw)


def _read_positions(raw: Mapping[str, Any]) -> dict[str, Position]:
    return {name: Position(**given(position, _POSITION)) for name, position in raw.items()}


def _position_to_dict(position: Position) -> dict[str, Any]:
    return {
        "uuid": position.uuid,
        "snapshot": position.snapshot,
        "complete_through": write_instant(position.complete_through),
        "held_from": write_instant(position.held_from),
        "read_ahead": position.read_ahead,
    }


_POSITION: Final[Mapping[str, Callable[[Any], Any]]] = {
    "uuid": as_is,
    "snapshot": as_is,
    "complete_through": read_instant,
    "held_from": read_instant,
    "read_ahead": as_is,
}

_WATERMARK: Final[Mapping[str, Callable[[Any], Any]]] = {
    "session": as_is,
    "snapshot": as_is,
    "complete_through": read_instant,
    "final_through": read_instant,
    "inputs": _read_positions,
    "owed": read_ranges,
    "overdue": read_ranges,
    "logic": as_is,
    "borders": read_borders,
}
