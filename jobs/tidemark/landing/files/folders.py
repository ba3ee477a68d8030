"""What a file's path states: the folder that decides how it is read, and the hour of its arrival."""

from __future__ import annotations

import re
from datetime import UTC, datetime

_HOUR = re.compile(r"\d{4}-\d{2}-\d{2}T\d{2}")


def top_folder(path: str) -> str:
    """Return the first folder of a path below the landing folder."""
    return path.split("/", 1)[0]


def folder_hour(path: str, clock: datetime) -> datetime | None:
    """Return the hour of the innermost folder with a name like 2026-04-12T07 (UTC), None if there is no such folder.

    If that hour is after the clock, the result is None too.
    """
    for part in reversed(path.split("/")[:-1]):
        if _HOUR.fullmatch(part):
            hour = _read_hour(part)
            return hour if hour is not None and hour <= clock else None
    return None


def _read_hour(name: str) -> datetime | None:
    try:
        return datetime.strptime(name, "%Y-%m-%dT%H").replace(tzinfo=UTC)
    except ValueError:
        return None
