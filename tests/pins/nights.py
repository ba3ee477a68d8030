"""Two nightly runs over inputs to which a writer adds rows between every two steps."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Sequence
from dataclasses import replace
from itertools import islice
from typing import Any

import pyarrow as pa

from tests.accounts.names import PLANS, SIGNUPS
from tests.accounts.world import Accounts, Event, hour
from tidemark import session
from tidemark.catalog.properties import WATERMARK
from tidemark.operate.pins import find_pins, pin_inputs
from tidemark.operate.releases import Release, write_release
from tidemark.state.effect import Nothing
from tidemark.state.watermark import Watermark
from tidemark.steps.context import Context

FACTS, HOURLY, COMPARED = "accounts.signups", "nights.hourly", "nights.compared"
MODELS, SCORES = "nights.models", "nights.scores"
BUILD, TRAIN = (HOURLY, COMPARED), (MODELS, SCORES)


class Nights:
    """The chain of a lake. `written` counts what the writer wrote; `between` is called between every two steps.

    Each step works in a context of its own, as in a task of its own.
    """

    def __init__(self, accounts: Accounts) -> None:
        self.accounts = accounts
        self.written = 0
        self.between: Callable[[], None] = self.write
        self.pinning, self.dying = True, False

    def begin(self) -> None:
        """Write the rows of the first hours."""
        for _ in range(12):
            self.write()

    def write(self) -> None:
        """Add a sign-up, a late sign-up and a change of plan; the hourly run takes in every sixth time."""
        self.written += 1
        n, now = self.written, self.written / 4
        late = max(0.0, now - 6)
        events = [Event(f"s{n}", f"a{n}", now), Event(f"l{n}", f"b{n}", late, landed=now)]
        self.land(SIGNUPS, events, int(now) - 1)
        self.land(PLANS, [Event(f"p{n}", f"a{n}", late, landed=now)], int(now) - 1)
        if n % 6 == 0:
            self.accounts.run(FACTS)

    def land(self, feed: str, events: Sequence[Event], through: int) -> None:
        """Append events as a landing session does: the snapshot itself says how far the feed is complete with it."""
        table = self.accounts.table(feed)
        rows = pa.Table.from_pylist([event.row() for event in events], schema=table.schema().as_arrow())
        complete = hour(through + 1)
        mark = Watermark("upstream", 0, complete, complete)
        table.append(rows, snapshot_properties={WATERMARK: mark.to_json()})
        self.accounts.complete(feed, through)

    def night(self, number: int) -> Release:
        """Run both runs of a night and return its release."""
        for name, datasets in (("build", BUILD), ("train", TRAIN)):
            self.run(f"{name}/{number}", datasets)
        return write_release(self.accounts.context, SCORES)

    def run(self, name: str, datasets: tuple[str, ...]) -> None:
        """Do one run, step by step. If steps die, a run starts again from `pin` and init after each of them."""
        for dataset in datasets:
            for count in (1, 2, 3) if self.dying else (3,):
                if self.pinning:
                    pin_inputs(self.context(name), datasets)
                for step in islice(self.steps(name, dataset), count):
                    self.between()
                    step()
        self.between()

    def steps(self, name: str, dataset: str) -> Iterator[Callable[[], Any]]:
        """Yield the three steps of a session; the last two only if there is something to do."""
        made: list[Any] = []
        say = self.accounts.said.append
        yield lambda: made.append(session.init(self.context(name), dataset, say=say).plan)
        if not isinstance(made[0].effect, Nothing):
            planned = made[0].session
            yield lambda: made.append(session.write_audit_publish(self.context(name), dataset, planned, say=say))
            yield lambda: session.commit(self.context(name), dataset, made[1].plan.session, say=say)

    def context(self, run: str) -> Context:
        """Return what a task of a run works with."""
        lake = self.accounts.context.lake
        return replace(self.accounts.context, run=run, pins=find_pins(lake, run) or {}, clock=hour(self.written / 4))
