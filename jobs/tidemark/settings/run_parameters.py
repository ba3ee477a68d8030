"""Run parameters from outside: checked against what is allowed before anything else sees them."""

from __future__ import annotations

import re
from collections.abc import Mapping
from datetime import UTC, datetime, timedelta
from typing import Any

from tidemark.errors import RequestRefused
from tidemark.state.cause import Restatement
from tidemark.state.ranges import Interval, format_instant, parse_instant

EARLIEST = datetime(1990, 1, 1, tzinfo=UTC)
LATEST = datetime(2100, 1, 1, tzinfo=UTC)
LONGEST = timedelta(days=3660)
"""Ten years: whoever means more has mistyped a year."""

_INSTANT = re.compile(r"\d{4}-\d{2}-\d{2}(T\d{2}(:\d{2}(:\d{2}(\.\d{1,6})?)?)?(Z|[+-]\d{2}:\d{2})?)?", re.ASCII)
_DATASET = re.compile(r"[a-z][a-z0-9_]{0,127}\.[a-z][a-z0-9_]{0,127}", re.ASCII)
REASON_LENGTH = 500
ID_LENGTH = 250


def parse_instant_parameter(text: str, name: str) -> datetime:
    """An ISO instant in UTC, from EARLIEST to LATEST. Raises RequestRefused with the parameter's name."""
    if not isinstance(text, str) or len(text) > 40 or not _INSTANT.fullmatch(text):
        raise RequestRefused(
            f"{name}: {str(text)[:60]!r} is not an instant; write it like 2026-04-12 or 2026-04-12T07:00Z"
        )
    try:
        instant = parse_instant(text)
    except (ValueError, OverflowError) as error:
        raise RequestRefused(
            f"{name}: {text!r} is not an instant ({error}); write it like 2026-04-12T07:00Z"
        ) from error
    if not EARLIEST <= instant <= LATEST:
        raise RequestRefused(f"{name}: {text} is out of the range {EARLIEST:%Y} to {LATEST:%Y}")
    return instant


def check_clock(clock: datetime, now: datetime, values: Mapping[str, Any]) -> None:
    """Refuse a clock ahead of now where sources are complete by the clock. Raises RequestRefused.

    A home that says `landing.completeness: data` may be ahead: its sources are complete by what they hold.
    """
    if clock > now and values.get("landing", {}).get("completeness", "clock") == "clock":
        raise RequestRefused(
            f"clock: {format_instant(clock)} lies ahead of now, {now:%Y-%m-%dT%H:%MZ}, and what has not been yet would "
            f"count as complete for good; leave the clock out, or give one that has been"
        )


def check_dataset(name: str) -> str:
    """A dataset's name as `namespace.name`. Raises RequestRefused."""
    if not isinstance(name, str) or not _DATASET.fullmatch(name):
        raise RequestRefused(f"dataset: {str(name)[:60]!r} is not a name like search.interactions")
    return name


def read_range(start: str | None, end: str | None, clock: datetime) -> Interval:
    """The range of a backfill, `end` excluded and not after the clock. Raises RequestRefused with the bound."""
    if not start or not end:
        missing = "to" if start else "from"
        raise RequestRefused(f"{missing}: missing; a range needs from and to, a run without both takes in what is new")
    first, last = parse_instant_parameter(start, "from"), parse_instant_parameter(end, "to")
    if first == last:
        raise RequestRefused(f"from, to: {format_instant(first)} twice is an empty range, since to is excluded")
    if first > last:
        raise RequestRefused(f"from: {format_instant(first)} is not before to, {format_instant(last)}; swap them")
    if last - first > LONGEST:
        raise RequestRefused(
            f"from, to: a range of {(last - first).days} days is longer than {LONGEST.days}; ask in smaller pieces"
        )
    if last > clock:
        raise RequestRefused(
            f"to: {format_instant(last)} lies after the start of this run, {format_instant(clock)}; end it there"
        )
    return Interval(first, last)


def make_request(asked: Interval, request_id: str, reason: str) -> Restatement:
    """A backfill request. Raises RequestRefused."""
    _check_text("request id", request_id, ID_LENGTH)
    return Restatement(asked, request_id, check_reason(reason))


def check_reason(reason: str) -> str:
    """A reason for the record. Raises RequestRefused."""
    return _check_text("reason", reason, REASON_LENGTH)


def _check_text(name: str, text: str, longest: int) -> str:
    if not isinstance(text, str) or not text.strip() or len(text) > longest or not text.isprintable():
        raise RequestRefused(f"{name}: needs 1 to {longest} printable characters")
    return text
