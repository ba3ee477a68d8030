"""Which services of the host died. Whoever runs the services writes the file `Settings.service_deaths`.

The file holds one JSON object, `{"deaths": [{"service": ..., "at": ..., "why": ...}]}`, with instants in UTC by the
machine's clock. Without the file, no death is known: a host that restarts services by other means need not write it.
"""

from __future__ import annotations

import json
import logging
from collections.abc import Iterable
from dataclasses import dataclass
from datetime import datetime
from pathlib import Path

from tidemark.state.codec import decode, encode

_LOG = logging.getLogger(__name__)


@dataclass(frozen=True)
class ServiceDeath:
    """The unexpected end of a service, by the machine's clock."""

    service: str
    at: datetime
    why: str

    def __str__(self) -> str:
        return f"{self.service} died at {self.at:%Y-%m-%dT%H:%M:%SZ}: {self.why}"


@dataclass(frozen=True)
class _Record:
    deaths: tuple[ServiceDeath, ...]


def read_deaths(path: Path, since: datetime) -> tuple[ServiceDeath, ...]:
    """Return the deaths on record at or after an instant, newest first. A file that cannot be read is logged."""
    try:
        found = decode(_Record, json.loads(path.read_text(encoding="utf-8"))).deaths
    except FileNotFoundError:
        return ()
    except (OSError, ValueError) as error:
        _LOG.warning("%s cannot be read (%s); remove it, and the next death is recorded anew", path, error)
        return ()
    return tuple(sorted((death for death in found if death.at >= since), key=lambda death: death.at, reverse=True))


def deaths_text(deaths: Iterable[ServiceDeath]) -> str:
    """Return the text of the file."""
    return json.dumps(encode(_Record(tuple(deaths))), indent=1) + "\n"
