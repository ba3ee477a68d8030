"""The watermark of a published table: what it was built from. It is stored in the table's own metadata."""

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
    """How far one input has been consumed: its table uuid, the last consumed snapshot, and its completeness then.

    `held_from` is the earliest instant from which the input is whole, if retention has dropped rows before it.
    `read_ahead` is the newest snapshot that a backfill has read, if that lies after `snapshot`.
    """

    uuid: str
    snapshot: int
    complete_through: datetime | None
    held_from: datetime | None = None
    read_ahead: int | None = None


class Border(NamedTuple):
    """The instant `through` up to which rows follow from an older `logic`; None if the table had no limit then."""

    logic: str
    through: datetime | None


@dataclass(frozen=True)
class Watermark:
    """What a published table was built from; only the commit that publishes changes it.

    `snapshot` is the target snapshot that the session published. The table is complete through `complete_through`;
    before `final_through`, only records that come too late can still change it. Each of the two is None if nothing
    limits it. `owed` are ranges whose input changes are consumed but which are not rebuilt yet. `overdue` are ranges
    beyond the catch-up limit, which wait for a backfill. `logic` is the hash of what the rows follow from, except in
    owed ranges. `borders` say which rows follow from an older logic.
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
        """Return the watermark as JSON in one line with sorted keys: equal watermarks give equal text."""
        return json.dumps(encode(self), sort_keys=True)

    @staticmethod
    def from_json(text: str) -> Watermark:
        """Read what `to_json` wrote, in this version or an earlier one."""
        return decode(Watermark, json.loads(text))
