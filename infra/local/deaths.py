"""Read from the supervisor's log which services died, when and why."""

from __future__ import annotations

import re
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import UTC, datetime

from infra.local.supervision import log_of
from tidemark.settings import Settings

_LINE = re.compile(r"(\d{4}-\d\d-\d\d \d\d:\d\d:\d\d),(\d{3}) \w+ exited: (\S+) \((.+?)(?:; (?:not )?expected)?\)")


@dataclass(frozen=True)
class Death:
    """The unexpected end of a service."""

    name: str
    at: datetime
    why: str

    def __str__(self) -> str:
        return f"{self.name} died at {self.at:%Y-%m-%dT%H:%M:%SZ}: {self.why}"


def deaths_since(settings: Settings, since: datetime) -> Sequence[Death]:
    """Return the deaths at or after an instant, oldest first, as far as the supervisor's current log reaches back."""
    try:
        text = log_of(settings).read_text(encoding="utf-8", errors="replace")
    except OSError:
        return ()
    found = (_death(match) for match in _LINE.finditer(text))
    return [death for death in found if death.at >= since]


def _death(match: re.Match[str]) -> Death:
    second, milliseconds, name, why = match.groups()
    local = datetime.strptime(f"{second}.{milliseconds}", "%Y-%m-%d %H:%M:%S.%f").astimezone()
    return Death(name, local.astimezone(UTC), why.replace("terminated by", "killed by"))
