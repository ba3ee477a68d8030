"""Check run parameters that come from outside, before any other code uses them."""

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
"""The longest range of a backfill, ten years. A longer one is probably a mistyped year."""

_INSTANT = re.compile(r"\d{4}-\d{2}-\d{2}(T\d{2}(:\d{2}(:\d{2}(\.\d{1,6})?)?)?(Z|[+-]\d{2}:\d{2})?)?", re.ASCII)
_DATASET = re.compile(r"[a-z][a-z0-9_]{0,127}\.[a-z][a-z0-9_]{0,127}", re.ASCII)
REASON_WORDS = 3
"""The least number of words in a reason that readers of a record depend on. One word explains nothing."""
REASON_LENGTH = 500
ID_LENGTH = 250


def parse_instant_parameter(text: str, name: str) -> datetime:
    """Return the instant in UTC that an ISO text names, from EARLIEST to LATEST.

    Raises RequestRefused that begins with the parameter's name.
    """
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
        raise RequestRefused(f"{name}: {text} is not between {EARLIEST:%Y} and {LATEST:%Y}; correct the year")
    return instant


def check_clock(clock: datetime, now: datetime, values: Mapping[str, Any]) -> None:
    """Check that the clock is not ahead of now if sources are complete by the clock. Raises RequestRefused.

    If a home sets `landing.completeness: data`, its clock may be ahead, because its sources are complete by the rows
    that they hold.
    """
    if clock > now and values.get("landing", {}).get("completeness", "clock") == "clock":
        raise RequestRefused(
            f"clock: {format_instant(clock)} is in the future (now is {now:%Y-%m-%dT%H:%MZ}), and hours that have not "
            f"happened yet would be marked complete permanently; leave the clock out, or give an instant in the past"
        )


def check_dataset(name: str) -> str:
    """Return a dataset's name if it has the form `namespace.name`. Raises RequestRefused otherwise."""
    if not isinstance(name, str) or not _DATASET.fullmatch(name):
        raise RequestRefused(f"dataset: {str(name)[:60]!r} is not a name like search.interactions")
    return name


def read_range(start: str | None, end: str | None, clock: datetime) -> Interval:
    """Return the range of a backfill. `end` is exclusive and not after the clock.

    Raises RequestRefused that begins with the name of the wrong bound.
    """
    if not start or not end:
        missing = "to" if start else "from"
        raise RequestRefused(f"{missing}: missing; a backfill needs both from and to, a usual run takes neither")
    first, last = parse_instant_parameter(start, "from"), parse_instant_parameter(end, "to")
    if first == last:
        raise RequestRefused(
            f"from, to: {format_instant(first)} twice is an empty range, because to is exclusive; give a later to"
        )
    if first > last:
        raise RequestRefused(f"from: {format_instant(first)} is not before to, {format_instant(last)}; swap them")
    if last - first > LONGEST:
        raise RequestRefused(
            f"from, to: a range of {(last - first).days} days is longer than {LONGEST.days}; request smaller ranges"
        )
    if last > clock:
        raise RequestRefused(
            f"to: {format_instant(last)} lies after the start of this run, {format_instant(clock)}; "
            f"give that or an earlier instant"
        )
    return Interval(first, last)


def make_request(requested: Interval, request_id: str, reason: str) -> Restatement:
    """Return the cause of a backfill. Raises RequestRefused if the id or the reason is not acceptable."""
    _check_text("request id", request_id, ID_LENGTH)
    return Restatement(requested, request_id, check_reason(reason))


def check_reason(reason: str) -> str:
    """Return a reason for the record. Raises RequestRefused if it is blank, too long or not printable."""
    return _check_text("reason", reason, REASON_LENGTH)


def check_sentence(reason: str) -> str:
    """Return a reason that has to explain something, without blanks around it. Raises RequestRefused if it is short."""
    text = check_reason(reason).strip()
    if len(text.split()) < REASON_WORDS:
        raise RequestRefused(f"reason: {text!r} is not a sentence; write at least {REASON_WORDS} words that explain it")
    return text


def _check_text(name: str, text: str, longest: int) -> str:
    if not isinstance(text, str) or not text.strip() or len(text) > longest or not text.isprintable():
        raise RequestRefused(f"{name}: write 1 to {longest} printable characters")
    return text
