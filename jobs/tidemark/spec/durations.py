"""Durations as people write them: `28d`, `3h`, `15m`, `30s`, with a minus for the other direction."""

from __future__ import annotations

import re
from datetime import timedelta

from tidemark.errors import SpecError

_WRITTEN = re.compile(r"(-?)([0-9]{1,9})([dhms])")
_UNITS = {"d": "days", "h": "hours", "m": "minutes", "s": "seconds"}
DAY = timedelta(days=1)

LONGEST = timedelta(days=36525)
"""A hundred years: more than any log holds, and small enough to be added to any instant of one."""


def parse_duration(text: str) -> timedelta:
    """The duration that a text such as `28d` or `-1d` stands for. Raises SpecError with the remedy."""
    found = _WRITTEN.fullmatch(text.strip())
    if found is None:
        raise SpecError(f"{text[:40]!r} is not a duration; write a whole number and d, h, m or s, such as 28d or 15m")
    sign, number, unit = found.groups()
    length = timedelta(**{_UNITS[unit]: int(number)})
    if length > LONGEST:
        raise SpecError(f"{text} is longer than a hundred years; write a shorter duration")
    return -length if sign else length


def format_duration(length: timedelta) -> str:
    """The shortest text that `parse_duration` reads as this length."""
    seconds = round(length.total_seconds())
    for unit, size in (("d", 86400), ("h", 3600), ("m", 60)):
        if seconds % size == 0:
            return f"{seconds // size}{unit}"
    return f"{seconds}s"


def is_whole_days(length: timedelta) -> bool:
    """Whether the duration is a whole number of days, zero included."""
    return length % DAY == timedelta(0)
