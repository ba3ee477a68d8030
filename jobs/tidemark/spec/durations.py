"""Durations as text: `28d`, `3h`, `15m` or `30s`. A minus sign reverses the direction."""

from __future__ import annotations

import re
from datetime import timedelta

from tidemark.errors import SpecError

_WRITTEN = re.compile(r"(-?)([0-9]{1,9})([dhms])")
_UNITS = {"d": "days", "h": "hours", "m": "minutes", "s": "seconds"}
DAY = timedelta(days=1)

MAX_DURATION = timedelta(days=36525)
"""A hundred years: longer than any log, and small enough to be added to any instant of one."""


def parse_duration(text: str) -> timedelta:
    """Return the duration that a text such as `28d` or `-1d` stands for.

    Raises SpecError with problem and remedy, but without a place.
    """
    found = _WRITTEN.fullmatch(text.strip())
    if found is None:
        raise SpecError(f"{text[:40]!r} is not a duration; write a whole number and d, h, m or s, such as 28d or 15m")
    sign, number, unit = found.groups()
    length = timedelta(**{_UNITS[unit]: int(number)})
    if length > MAX_DURATION:
        raise SpecError(f"{text} is longer than a hundred years; write a shorter duration")
    return -length if sign else length


def format_duration(length: timedelta) -> str:
    """Return the duration as a text for `parse_duration`, in the largest unit that divides it, to the second."""
    seconds = round(length.total_seconds())
    for unit, size in (("d", 86400), ("h", 3600), ("m", 60)):
        if seconds % size == 0:
            return f"{seconds // size}{unit}"
    return f"{seconds}s"


def is_whole_days(length: timedelta) -> bool:
    """Return whether the duration is a whole number of days. Zero is."""
    return length % DAY == timedelta(0)
