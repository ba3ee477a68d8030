"""The upstream of a history: three feeds whose rows, snapshots and completeness are also kept in memory."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import replace
from math import floor

import pyarrow as pa
from pyiceberg.expressions import BooleanExpression

from tests.accounts.world import Accounts, Event, hour
from tests.histories.engines import Engine
from tests.histories.tables import FEEDS
from tidemark.catalog.filters import between
from tidemark.catalog.manifests import ancestors


class Feeds:
    """The feeds of one lake. `complete[feed]` is the first hour that is not complete yet."""

    def __init__(self, accounts: Accounts, engine: Engine) -> None:
        self.accounts = accounts
        self.engine = engine
        self.events: dict[str, dict[str, Event]] = {feed: {} for feed in FEEDS}
        self.complete: dict[str, int] = dict.fromkeys(FEEDS, 1)
        self.at_snapshot: dict[int, tuple[Event, ...]] = {}
        self.number = 0
        for feed in FEEDS:
            self._publish(feed)

    def append(self, feed: str, account: str, plan: str, at: Iterable[float]) -> None:
        """Add events in one commit; each event arrives in the first hour that is not complete yet."""
        events = [self._event(feed, account, plan, x) for x in at]
        self.accounts.table(feed).append(self._arrow(feed, events))
        self.events[feed].update({event.event_id: event for event in events})
        self._publish(feed)

    def advance(self, feed: str, by: int) -> None:
        """Make the feed complete through `by` hours more."""
        self.complete[feed] += by
        self._publish(feed)

    def delete(self, feed: str, cell: int) -> None:
        """Delete the rows of one hour."""
        self.accounts.table(feed).delete(_within("happened_at", cell, cell + 1))
        self.events[feed] = {e.event_id: e for e in self.events[feed].values() if floor(e.at) != cell}
        self._publish(feed)

    def overwrite(self, feed: str, arrived: float, by: float, in_one_commit: bool) -> None:
        """Replace the rows that arrived in one hour: the first event is removed, the others move in time."""
        old = [e for e in self.events[feed].values() if e.landed == arrived]
        new = [replace(e, at=e.at + by) for e in sorted(old, key=lambda e: e.event_id)[1:]]
        data = self._arrow(feed, new)
        if in_one_commit:
            self.engine.overwrite(feed, data, arrived)
        else:
            self.accounts.table(feed).overwrite(data, _within("arrived_at", arrived, arrived + 1))
        gone = {e.event_id for e in old}
        kept = {k: e for k, e in self.events[feed].items() if k not in gone}
        self.events[feed] = {**kept, **{e.event_id: e for e in new}}
        self._publish(feed)

    def roll_back(self, feed: str, steps: int) -> None:
        """Roll the feed back by some commits."""
        table = self.accounts.table(feed)
        head = table.current_snapshot()
        assert head is not None
        line = list(ancestors(table, head))
        earlier = line[min(steps, len(line) - 1)].snapshot_id
        self.engine.roll_back(feed, earlier)
        self.events[feed] = {e.event_id: e for e in self.at_snapshot.get(earlier, ())}
        self._publish(feed)

    def note_head(self, feed: str) -> None:
        """Remember which rows the feed's main holds: after a compaction, the same rows under a new snapshot."""
        self.at_snapshot[self.accounts.head(feed)] = tuple(self.events[feed].values())

    def _publish(self, feed: str) -> None:
        self.accounts.complete(feed, self.complete[feed] - 1)
        self.note_head(feed)

    def _event(self, feed: str, account: str, plan: str, at: float) -> Event:
        self.number += 1
        return Event(f"e{self.number}", account, at, plan, self.complete[feed])

    def _arrow(self, feed: str, events: Iterable[Event]) -> pa.Table:
        return pa.Table.from_pylist(
            [event.row() for event in events], schema=self.accounts.table(feed).schema().as_arrow()
        )


def _within(column: str, start: float, end: float) -> BooleanExpression:
    return between(column, hour(start).isoformat(), hour(end).isoformat())
