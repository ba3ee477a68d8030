"""Half-open intervals of UTC time, and sets of them.

A `Ranges` value is a tuple of intervals that are sorted, disjoint and merged. The functions here take and return
such values, and read no clock.
"""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from typing import Literal

Unit = Literal["hour", "day", "month"]

BEGINNING = datetime(1900, 1, 1, tzinfo=UTC)
END = datetime(2200, 1, 1, tzinfo=UTC)
MICROSECOND = timedelta(microseconds=1)


@dataclass(frozen=True, order=True)
class Interval:
    """The instants `start <= t < end`, both aware and in UTC."""

    start: datetime
    end: datetime

    def __post_init__(self) -> None:
        if self.start.tzinfo is None or self.end.tzinfo is None:
            raise ValueError(f"interval without a time zone: {self.start} .. {self.end}")
        if self.start >= self.end:
            raise ValueError(f"interval is empty or reversed: {self.start} .. {self.end}")

    def __str__(self) -> str:
        start = "" if self.start == BEGINNING else format_instant(self.start)
        end = "" if self.end == END else format_instant(self.end)
        return f"{start}..{end}" if start or end else "all of time"


Ranges = tuple[Interval, ...]


def format_instant(instant: datetime) -> str:
    """Return an instant in ISO form in UTC; zero seconds and microseconds are left out."""
    text = instant.astimezone(UTC).isoformat(timespec="microseconds").replace("+00:00", "")
    for tail in (".000000", ":00"):
        text = text.removesuffix(tail)
    return text + "Z"


def parse_instant(text: str) -> datetime:
    """Read an ISO instant; one without an offset is in UTC. Raises ValueError if the text is not an ISO instant."""
    instant = datetime.fromisoformat(text)
    return instant.replace(tzinfo=UTC) if instant.tzinfo is None else instant.astimezone(UTC)


def union(*parts: Iterable[Interval]) -> Ranges:
    """Return all instants that lie in any of the parts; adjacent intervals are merged."""
    merged: list[Interval] = []
    for interval in sorted(interval for part in parts for interval in part):
        if merged and interval.start <= merged[-1].end:
            merged[-1] = Interval(merged[-1].start, max(merged[-1].end, interval.end))
        else:
            merged.append(interval)
    return tuple(merged)


def intersect(left: Ranges, right: Ranges) -> Ranges:
    """Return the instants that lie in both."""
    common = []
    for a in left:
        for b in right:
            start, end = max(a.start, b.start), min(a.end, b.end)
            if start < end:
                common.append(Interval(start, end))
    return union(common)


def subtract(left: Ranges, right: Ranges) -> Ranges:
    """Return the instants of `left` that are not in `right`."""
    remaining = list(left)
    for hole in right:
        remaining = [piece for interval in remaining for piece in _without(interval, hole)]
    return union(remaining)


def _without(interval: Interval, hole: Interval) -> list[Interval]:
    pieces = []
    if interval.start < min(interval.end, hole.start):
        pieces.append(Interval(interval.start, min(interval.end, hole.start)))
    if max(interval.start, hole.end) < interval.end:
        pieces.append(Interval(max(interval.start, hole.end), interval.end))
    return pieces


def before(limit: datetime | None) -> Ranges:
    """Return all instants before `limit`; all of time if `limit` is None."""
    return (Interval(BEGINNING, limit or END),)


def first(ranges: Ranges, length: timedelta, unit: Unit) -> Ranges:
    """Return the first `length` of time in the ranges, cut at a whole unit, and at least one unit."""
    taken: list[Interval] = []
    for interval in ranges:
        end = interval.end if interval.end - interval.start <= length else floor(interval.start + length, unit)
        if not taken:
            end = max(end, min(interval.end, ceil(interval.start + MICROSECOND, unit)))
        if end <= interval.start:
            break
        taken.append(Interval(interval.start, end))
        length -= end - interval.start
        if end < interval.end or length <= timedelta(0):
            break
    return union(taken)


def from_on(start: datetime) -> Ranges:
    """Return all instants at or after `start`."""
    return (Interval(start, END),)


def widen(ranges: Ranges, earlier: timedelta | None, later: timedelta | None) -> Ranges:
    """Move each start back by `earlier` and each end forward by `later`; None moves it to the end of time.

    A negative shift makes an interval narrower; one that becomes empty is left out.
    """
    moved = []
    for interval in ranges:
        start = BEGINNING if earlier is None else _shift(interval.start, -earlier)
        end = END if later is None else _shift(interval.end, later)
        if start < end:
            moved.append(Interval(start, end))
    return union(moved)


def _shift(instant: datetime, by: timedelta) -> datetime:
    """Move an instant, but not beyond BEGINNING or END; these two do not move."""
    if instant in (BEGINNING, END):
        return instant
    return min(max(instant + by, BEGINNING), END)


def floor(instant: datetime, unit: Unit) -> datetime:
    """Return the start of the UTC hour, day or month that holds `instant`."""
    instant = instant.astimezone(UTC)
    if unit == "hour":
        return instant.replace(minute=0, second=0, microsecond=0)
    day = instant.replace(hour=0, minute=0, second=0, microsecond=0)
    return day if unit == "day" else day.replace(day=1)


def ceil(instant: datetime, unit: Unit) -> datetime:
    """Return the earliest start of a UTC hour, day or month at or after `instant`."""
    start = floor(instant, unit)
    if start == instant:
        return start
    if unit == "hour":
        return start + timedelta(hours=1)
    if unit == "day":
        return start + timedelta(days=1)
    return floor(start + timedelta(days=32), "month")


def round_out(ranges: Ranges, unit: Unit) -> Ranges:
    """Return the smallest set of whole units that covers `ranges`."""
    return union(Interval(floor(i.start, unit), ceil(i.end, unit)) for i in ranges)


def to_minutes(ranges: Ranges) -> Ranges:
    """Round ranges outwards to whole minutes, for people."""
    minute = timedelta(minutes=1)

    def floored(instant: datetime) -> datetime:
        return instant.replace(second=0, microsecond=0)

    def ceiled(instant: datetime) -> datetime:
        return instant if floored(instant) == instant else floored(instant) + minute

    return union(Interval(floored(each.start), ceiled(each.end)) for each in ranges)


def describe(ranges: Ranges, at_most: int = 3) -> str:
    """Return the ranges in a short form for people: the first `at_most`, and how many more there are."""
    shown = ", ".join(str(interval) for interval in ranges[:at_most])
    rest = len(ranges) - at_most
    return shown + (f" and {rest} more" if rest > 0 else "") if ranges else "nothing"
