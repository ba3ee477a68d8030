"""Read instants as logs write them. They are represented in microseconds since 1970 UTC."""

from __future__ import annotations

from datetime import UTC, date, datetime, timedelta
from typing import Any

EPOCH = datetime(1970, 1, 1, tzinfo=UTC)
OLDEST = datetime(1971, 1, 1, tzinfo=UTC)
"""No record may be dated before this. An older date is a zero, or seconds read as milliseconds."""
EARLIEST = datetime(1990, 1, 1, tzinfo=UTC)
"""The default of `landing.earliest`. If a date written as one number, such as 202606100800, is read as milliseconds,
it falls into 1976, and seconds fall into January 1970; both are before this."""
_MICROSECOND = timedelta(microseconds=1)


def read_instant(value: Any) -> int:
    """Return an instant in microseconds since 1970.

    The value is a text in ISO 8601 (UTC if it has no offset), a number of milliseconds since 1970, also as text, a
    datetime or a date. Raises ValueError for anything else.
    """
    if type(value) is str:
        return _micros(_parse_text(value))
    if isinstance(value, datetime):
        return _micros(value)
    if isinstance(value, int | float) and not isinstance(value, bool):
        return _from_milliseconds(value)
    if isinstance(value, date):
        return _micros(datetime(value.year, value.month, value.day, tzinfo=UTC))
    raise ValueError(f"{shown(value)} is not a time")


def to_micros(instant: datetime) -> int:
    """Return an aware datetime in microseconds since 1970."""
    return (instant - EPOCH) // _MICROSECOND


def check_time_bounds(micros: int, earliest: int, latest: int) -> None:
    """Raise ValueError if an instant is before `earliest` or after `latest`. All are in microseconds since 1970."""
    if micros < earliest:
        bound = EPOCH + timedelta(microseconds=earliest)
        raise ValueError(
            f"before {bound:%Y-%m-%d}: probably a missing time, seconds instead of milliseconds, or a date written "
            "as one number (landing.earliest)"
        )
    if micros > latest:
        raise ValueError(
            f"in the future: {EPOCH + timedelta(microseconds=micros):%Y-%m-%dT%H:%M:%SZ}, "
            "after its file was written (landing.future_tolerance)"
        )


def shown(value: Any) -> str:
    """Return a value as text for a message, at most 60 characters long."""
    text = repr(value)
    return text if len(text) <= 60 else text[:57] + "..."


def _parse_text(text: str) -> datetime | int:
    if 8 < len(text) <= 20 and text.isascii() and text.isdigit():  # fromisoformat would read 1712011762025 as a date
        return _from_milliseconds(int(text))
    try:
        return datetime.fromisoformat(text)
    except ValueError:
        raise ValueError(f"{shown(text)} is not a time") from None


def _from_milliseconds(value: float) -> int:
    try:
        micros = round(value * 1000)
    except (OverflowError, ValueError):
        raise ValueError(f"{shown(value)} is not a time") from None
    return _check_range(micros, value)


def _check_range(micros: int, value: Any) -> int:
    if not -_MAX_MICROS <= micros <= _MAX_MICROS:
        raise ValueError(f"{shown(value)} is not a time")
    return micros


def _micros(instant: datetime | int) -> int:
    if isinstance(instant, int):
        return instant
    try:
        micros = to_micros(instant.replace(tzinfo=UTC) if instant.tzinfo is None else instant)
    except OverflowError:
        raise ValueError(f"{shown(instant)} is not a time") from None
    return _check_range(micros, instant)


_MAX_MICROS = to_micros(datetime(9999, 1, 1, tzinfo=UTC))
