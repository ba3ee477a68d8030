"""Instants as logs write them, in microseconds since 1970 UTC."""

from __future__ import annotations

from datetime import UTC, date, datetime, timedelta
from typing import Any

EPOCH = datetime(1970, 1, 1, tzinfo=UTC)
OLDEST = datetime(1971, 1, 1, tzinfo=UTC)
"""No record of any kind is dated before; an older date is a zero, or seconds read as milliseconds."""
EARLIEST = datetime(1990, 1, 1, tzinfo=UTC)
"""The default of `landing.earliest`. Dates written as one number, such as 202606100800, lie below it if they are read
as milliseconds (1976), and so do seconds (January 1970)."""
_MICROSECOND = timedelta(microseconds=1)


def read_instant(value: Any) -> int:
    """ISO 8601 text (without an offset: UTC), milliseconds since 1970 as a number or digits, or a datetime.

    Raises ValueError.
    """
    if type(value) is str:
        return _micros(_of_text(value))
    if isinstance(value, datetime):
        return _micros(value)
    if isinstance(value, int | float) and not isinstance(value, bool):
        return _of_milliseconds(value)
    if isinstance(value, date):
        return _micros(datetime(value.year, value.month, value.day, tzinfo=UTC))
    raise ValueError(f"{shown(value)} is no time")


def to_micros(instant: datetime) -> int:
    """An aware datetime in microseconds since 1970."""
    return (instant - EPOCH) // _MICROSECOND


def refuse_absurd(micros: int, earliest: int, latest: int) -> None:
    """Raises ValueError for an instant before `earliest` or after `latest`, all in microseconds since 1970."""
    if micros < earliest:
        bound = EPOCH + timedelta(microseconds=earliest)
        raise ValueError(
            f"before {bound:%Y-%m-%d}: a missing time, seconds where milliseconds are expected, or a date written "
            "as one number (landing.earliest)"
        )
    if micros > latest:
        raise ValueError(
            f"in the future: {EPOCH + timedelta(microseconds=micros):%Y-%m-%dT%H:%M:%SZ}, later than its file"
        )


def shown(value: Any) -> str:
    """A value for a message: short, whatever it is."""
    text = repr(value)
    return text if len(text) <= 60 else text[:57] + "..."


def _of_text(text: str) -> datetime | int:
    if 8 < len(text) <= 20 and text.isascii() and text.isdigit():  # fromisoformat would read 1712011762025 as a date
        return _of_milliseconds(int(text))
    try:
        return datetime.fromisoformat(text)
    except ValueError:
        raise ValueError(f"{shown(text)} is no time") from None


def _of_milliseconds(value: float) -> int:
    try:
        micros = round(value * 1000)
    except (OverflowError, ValueError):
        raise ValueError(f"{shown(value)} is no time") from None
    return _within_reach(micros, value)


def _within_reach(micros: int, value: Any) -> int:
    if not -_FURTHEST <= micros <= _FURTHEST:
        raise ValueError(f"{shown(value)} is no time")
    return micros


def _micros(instant: datetime | int) -> int:
    if isinstance(instant, int):
        return instant
    try:
        micros = to_micros(instant.replace(tzinfo=UTC) if instant.tzinfo is None else instant)
    except OverflowError:
        raise ValueError(f"{shown(instant)} is no time") from None
    return _within_reach(micros, instant)


_FURTHEST = to_micros(datetime(9999, 1, 1, tzinfo=UTC))
