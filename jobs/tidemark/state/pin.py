"""The pinned inputs of a run: the snapshots that all sessions of the run read, whatever is written meanwhile."""

from __future__ import annotations

import json
from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime

from tidemark.state.codec import decode, encode


@dataclass(frozen=True)
class PinnedInput:
    """One input as it was when the run began: its table uuid, its snapshot, and its completeness then.

    `published` is False if no session had filled the table yet.
    """

    uuid: str
    snapshot: int
    complete_through: datetime | None
    final_through: datetime | None
    published: bool


Pins = Mapping[str, PinnedInput]
"""Pinned inputs by dataset. A dataset without an entry is read as it is now."""


def pins_to_json(pins: Pins) -> str:
    """Return pinned inputs as JSON; `pins_from_json` reads it back."""
    return json.dumps({name: encode(pinned) for name, pinned in pins.items()}, sort_keys=True)


def pins_from_json(text: str) -> Pins:
    """Read what `pins_to_json` wrote."""
    return {name: decode(PinnedInput, raw) for name, raw in json.loads(text).items()}
