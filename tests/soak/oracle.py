"""The rows that each target should hold, from the ledger alone: slow, simple, and without any code of the loop."""

from __future__ import annotations

from collections.abc import Iterator
from datetime import datetime
from typing import Any

from tests.accounts.world import hour
from tests.soak.ledger import Ledger
from tests.soak.schedule import ACTIVE, AROUND, CANCELS, CHANGES, FACTS, FEEDS, PLANS, SIGNUPS, STATES, Row

Rows = list[dict[str, Any]]


def expected(ledger: Ledger, dataset: str) -> Rows:
    """Return the rows of a clean full build from the feeds, as far as they are complete."""
    return {FACTS: _facts, CHANGES: _changes, AROUND: _around, STATES: _states, ACTIVE: _active}[dataset](ledger)


def complete_hours(ledger: Ledger, dataset: str) -> int:
    """Return how many hours of a target can be built from its inputs."""
    feeds = {FACTS: (SIGNUPS,), CHANGES: (PLANS,), AROUND: (SIGNUPS,)}.get(dataset, FEEDS)
    return min(ledger.through[feed] for feed in feeds)


def instant(minute: int) -> datetime:
    """Return the instant of a minute of the test's time."""
    return hour(minute / 60)


def _facts(ledger: Ledger) -> Rows:
    return [_event(row) for row in ledger.rows[SIGNUPS]]


def _changes(ledger: Ledger) -> Rows:
    """Return each event id once, because a second delivery repeats the first."""
    end = complete_hours(ledger, CHANGES) * 60
    return [_event(row) for row in {row.event_id: row for row in ledger.rows[PLANS] if row.minute < end}.values()]


def _event(row: Row) -> dict[str, Any]:
    return {
        "event_id": row.event_id,
        "account_id": row.account_id,
        "plan": row.plan.lower(),
        "happened_at": instant(row.minute),
    }


def _around(ledger: Ledger) -> Rows:
    counted = []
    for number in range(-1, complete_hours(ledger, AROUND)):
        first, last = number - 3, number + 1
        signups = sum(first <= row.minute // 60 <= last for row in ledger.rows[SIGNUPS])
        if signups:
            counted.append({"hour": hour(number), "signups": signups})
    return counted


def _states(ledger: Ledger) -> Rows:
    return [
        {"account_id": account, "hour": hour(number), "plan": plan, "active": active}
        for account, number, plan, active in _hourly(ledger)
    ]


def _active(ledger: Ledger) -> Rows:
    counted: dict[tuple[int, str], int] = {}
    for _, number, plan, active in _hourly(ledger):
        if active:
            counted[number, plan] = counted.get((number, plan), 0) + 1
    return [{"hour": hour(number), "plan": plan, "accounts": n} for (number, plan), n in counted.items()]


def _hourly(ledger: Ledger) -> Iterator[tuple[str, int, str, bool]]:
    """Yield account, hour, current plan and whether the account is active, for each hour since the sign-up."""
    for account in {row.account_id for row in ledger.rows[SIGNUPS]}:
        first = min((r for r in ledger.rows[SIGNUPS] if r.account_id == account), key=lambda r: (r.minute, r.event_id))
        for number in range(first.minute // 60, complete_hours(ledger, STATES)):
            plans = _so_far(ledger.rows[PLANS], first, number)
            latest = max(plans, key=lambda row: (row.minute, row.plan), default=first)
            yield account, number, latest.plan, not _so_far(ledger.rows[CANCELS], first, number)


def _so_far(rows: list[Row], signup: Row, number: int) -> list[Row]:
    end = (number + 1) * 60
    return [row for row in rows if row.account_id == signup.account_id and signup.minute <= row.minute < end]
