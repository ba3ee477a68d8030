"""Read from the supervisor's log which services died, when and why, and put it on record for the status page."""

from __future__ import annotations

import re
from collections.abc import Sequence
from datetime import UTC, datetime, timedelta

from infra.local.supervision import log_of
from tidemark.operate.service_deaths import ServiceDeath, deaths_text, read_deaths
from tidemark.settings import Settings
from tidemark.support.atomic_files import replace_file

KEPT = timedelta(days=7)
"""How long a death stays on record, also after the supervisor has begun a new log."""

_LINE = re.compile(r"(\d{4}-\d\d-\d\d \d\d:\d\d:\d\d),(\d{3}) \w+ exited: (\S+) \((.+?)(?:; (?:not )?expected)?\)")


def deaths_since(settings: Settings, since: datetime) -> Sequence[ServiceDeath]:
    """Return the deaths at or after an instant, oldest first, as far as the supervisor's current log reaches back."""
    try:
        text = log_of(settings).read_text(encoding="utf-8", errors="replace")
    except OSError:
        return ()
    found = (_death(match) for match in _LINE.finditer(text))
    return [death for death in found if death.at >= since]


def record_deaths(settings: Settings, now: datetime) -> None:
    """Add the deaths of the supervisor's log to the record that `tidemark status` and the status page read."""
    found = set(deaths_since(settings, now - KEPT))
    known = set(read_deaths(settings.service_deaths, now - KEPT))
    if found - known:
        replace_file(settings.service_deaths, deaths_text(sorted(found | known, key=lambda death: death.at)))


def _death(match: re.Match[str]) -> ServiceDeath:
    second, milliseconds, name, why = match.groups()
    local = datetime.strptime(f"{second}.{milliseconds}", "%Y-%m-%d %H:%M:%S.%f").astimezone()
    return ServiceDeath(name, local.astimezone(UTC), why.replace("terminated by", "killed by"))
