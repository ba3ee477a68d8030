"""Instants and ranges as JSON values, and what was written by a version that knew less."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from datetime import datetime
from typing import Any

from tidemark.state.ranges import Interval, Ranges, format_instant, parse_instant


def write_instant(instant: datetime | None) -> str | None:
    """An instant as ISO text, None as None."""
    return None if instant is None else format_instant(instant)


def read_instant(text: str | None) -> datetime | None:
    """Read what `write_instant` wrote."""
    return None if text is None else parse_instant(text)


def write_ranges(ranges: Ranges) -> list[list[str]]:
    """Ranges as pairs of ISO texts."""
    return [[format_instant(i.start), format_instant(i.end)] for i in ranges]


def read_ranges(raw: list[list[str]]) -> Ranges:
    """Read what `write_ranges` wrote."""
    return tuple(Interval(parse_instant(a), parse_instant(b)) for a, b in raw)


def as_is(value: Any) -> Any:
    """A value that JSON holds as it is."""
    return value


def given(raw: Mapping[str, Any], readers: Mapping[str, Callable[[Any], Any]]) -> dict[str, Any]:
    """The fields that `raw` holds, each read by its reader; one that is not there is left to its class's default.

    So what an older version wrote is read on after a field has come.
    """
    return {name: read(raw[name]) for name, read in readers.items() if name in raw}
