"""Two deliveries of a shop's logs, whose account is known by construction."""

from __future__ import annotations

from collections.abc import Collection
from datetime import UTC, datetime, timedelta
from typing import Any

from tests.loop.searching import FOLLOWED, Searching
from tidemark.stages import Committed

Record = dict[str, Any]
TEN = datetime(2026, 4, 1, 10, tzinfo=UTC)


class LogShop(Searching):
    """A home into which a test hands logs, built as far as the interactions."""

    def run(self, followed: Collection[str] = FOLLOWED | {"search.interactions"}) -> dict[str, Committed]:
        """Run the sessions of an hour."""
        return super().run(followed)


def query(query_id: str, at: datetime = TEN, **changes: Any) -> Record:
    """Return a query that returned the items i1 and i2."""
    record = {"application": "shop", "query_id": query_id, "client_id": "c", "user_query": "red shoes"}
    return {**record, "query_response_hit_ids": ["i1", "i2"], "timestamp": at.isoformat(), **changes}


def act(action: str, query_id: str | None, item: str | None, at: datetime = TEN) -> Record:
    """Return an event on an item, a minute after `at`."""
    record: Record = {"application": "shop", "action_name": action, "client_id": "c", "user_query": "red shoes"}
    record |= {"query_id": query_id} if query_id else {}
    attributes = {"object": {"object_id": item}} if item else {}
    return {**record, "timestamp": (at + timedelta(minutes=1)).isoformat(), "event_attributes": attributes}


FIRST: list[Record | str] = [
    query("q1"),
    act("click", "q1", "i1"),
    query("q2", TEN + timedelta(hours=5)),
    act("page_view", "q2", None, TEN + timedelta(hours=5)),
]
"""Queries and events are complete through 16:00."""

SECOND: list[Record | str] = [
    FIRST[1],  # the click again: doubled, and late by 5 h 59 min
    act("click", "q1", "i2", TEN + timedelta(hours=3)),  # late by 2 h 59 min
    query("q3", TEN + timedelta(hours=8)),
    act("click", "q3", "i9", TEN + timedelta(hours=8)),  # an item that was not shown
    act("wink", "q3", "i1", TEN + timedelta(hours=8)),  # an action that nobody has mapped
    act("click", None, "i1", TEN + timedelta(hours=8)),
    act("purchase", "q3", None, TEN + timedelta(hours=8)),
    act("click", "q4", "i1", TEN + timedelta(hours=8)),  # its query comes with the third delivery
    "no json",
    {"action_name": "click", "query_id": "q3"},  # no time
]

THIRD: list[Record | str] = [
    act("click", "q3", "i1", TEN + timedelta(hours=8)),
    query("q4", TEN + timedelta(hours=8)),
    query("q5", TEN + timedelta(hours=9)),
]
