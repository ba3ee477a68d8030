"""Which services of the host are in trouble although nobody saw them die: silent, hanging, or without a supervisor.

Whoever watches the services writes the file `Settings.service_troubles` at each check. It holds one JSON object,
`{"troubles": [{"service": ..., "what": ..., "since": ..., "told": ...}]}`, with instants in UTC by the machine's
clock. Without the file, no trouble is known.
"""

from __future__ import annotations

import json
import logging
from collections.abc import Iterable
from dataclasses import dataclass
from datetime import datetime, timedelta
from pathlib import Path

from tidemark.state.codec import decode, encode

_LOG = logging.getLogger(__name__)

FRESH = timedelta(minutes=15)
"""A file that is older says nothing about now, because the watch has ended too. It checks every half minute, or, as a
timer, every few minutes."""


@dataclass(frozen=True)
class ServiceTrouble:
    """What is wrong with a service, since when it was seen (by the machine's clock), and whether it has been told."""

    service: str
    what: str
    since: datetime
    told: bool = False

    def __str__(self) -> str:
        return f"{self.service} in trouble since {self.since:%Y-%m-%dT%H:%M:%SZ}: {self.what}"


@dataclass(frozen=True)
class _Record:
    troubles: tuple[ServiceTrouble, ...]


def read_troubles(path: Path) -> tuple[ServiceTrouble, ...]:
    """Return the troubles of the last check. A file that cannot be read is logged, and tells none."""
    try:
        return decode(_Record, json.loads(path.read_text(encoding="utf-8"))).troubles
    except FileNotFoundError:
        return ()
    except (OSError, ValueError) as error:
        _LOG.warning("%s cannot be read (%s); the next check of the watch replaces it", path, error)
        return ()


def present_troubles(path: Path, now: datetime) -> tuple[ServiceTrouble, ...]:
    """Return the troubles of the last check, unless that was too long ago to say anything about now."""
    try:
        checked = path.stat().st_mtime
    except OSError:
        return ()
    return read_troubles(path) if now.timestamp() - checked <= FRESH.total_seconds() else ()


def troubles_text(troubles: Iterable[ServiceTrouble]) -> str:
    """Return the text of the file."""
    return json.dumps(encode(_Record(tuple(troubles))), indent=1) + "\n"
