"""What a published table was built from: its watermark, which lies in the table's own metadata."""

from __future__ import annotations

import json
from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import datetime
from typing import NamedTuple

from tidemark.state.codec import decode, encode
from tidemark.state.ranges import Ranges


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


class Border(NamedTuple):
    """Where one logic ends and the next begins: what was complete before `through` follows from `logic`."""

    logic: str
    through: datetime | None


@dataclass(frozen=True)
class Watermark:
    """What a published table was built from; changed only by the commit that publishes.

    `snapshot` is the target snapshot that the session published. `owed` are ranges whose input is consumed but
    which are not rebuilt yet; `overdue` are ranges beyond the catch-up limit, which wait for a backfill. `logic`
    is what the rows follow from, except in owed ranges; `borders` say which rows follow from an older logic.
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
        return json.dumps(encode(self), sort_keys=True)

    @staticmethod
    def from_json(text: str) -> Watermark:
        """Read what `to_json` wrote, in this version or an earlier one."""
        return decode(Watermark, json.loads(text))
