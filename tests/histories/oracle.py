"""The rows that each table should hold, computed in plain, slow Python: no increment, no window, no engine.

A table is a multiset of (cell, row). The cell is the hour in which the row's partition begins, counted from the first
hour of the test's day. The row is the tuple of its columns in the order of their names.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable, Mapping
from datetime import date, datetime, timedelta
from math import floor
from typing import Any

from tests.accounts.world import DAY, Event, hour

Rows = Counter[tuple[int, tuple[Any, ...]]]


def facts(events: Iterable[Event], version: int) -> Rows:
    """Return one row for each event."""
    return Counter((floor(e.at), (e.account_id, e.event_id, hour(e.at), f"{e.plan}-{version}")) for e in events)


def states(
    signups: Iterable[Event], plans: Iterable[Event], cancels: Iterable[Event], through: int, version: int
) -> Rows:
    """Return one row for each account and each hour from its sign-up on."""
    rows: Rows = Counter()
    first: dict[str, Event] = {}
    for event in sorted(signups, key=lambda e: (e.at, e.event_id), reverse=True):
        first[event.account_id] = event
    for account, signup in first.items():
        for cell in range(floor(signup.at), through):
            changes = [(p.at, str(p.plan)) for p in plans if p.account_id == account and signup.at <= p.at < cell + 1]
            plan = max(changes)[1] if changes else signup.plan
            ended = any(c.account_id == account and signup.at <= c.at < cell + 1 for c in cancels)
            rows[cell, (account, not ended, hour(cell), f"{plan}-{version}")] += 1
    return rows


def around(times: Iterable[float], through: int, version: int) -> Rows:
    """Count, for each hour, the sign-ups from three hours before it to one hour after it."""
    hours = [floor(at) for at in times]
    counts = {cell: sum(cell - 3 <= h <= cell + 1 for h in hours) for cell in range(-30, through)}
    return Counter((cell, (hour(cell), count * version)) for cell, count in counts.items() if count)


def earlier_days(times: Iterable[float], through: int, version: int) -> Rows:
    """Count, for each day, the sign-ups of the two days before it."""
    days = [floor(at / 24) for at in times]
    counts = {day: sum(day - 2 <= d <= day - 1 for d in days) for day in range(-2, through // 24)}
    return Counter(
        (day * 24, ((DAY + timedelta(days=day)).date(), count * version)) for day, count in counts.items() if count
    )


def as_rows(found: Iterable[Mapping[str, Any]], time: str) -> Rows:
    """Return rows that were read from a table in the oracle's form."""
    return Counter((_cell(row[time]), tuple(row[key] for key in sorted(row))) for row in found)


def _cell(value: Any) -> int:
    if isinstance(value, datetime):
        return floor((value - DAY) / timedelta(hours=1))
    assert isinstance(value, date)
    return (value - DAY.date()).days * 24
