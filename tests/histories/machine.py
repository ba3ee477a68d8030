"""Random histories as a state machine. Hours are small integers, so that a failing history can be read."""

from __future__ import annotations

import sys

from hypothesis import strategies as st
from hypothesis.stateful import RuleBasedStateMachine, initialize, invariant, precondition, rule

from tests.histories.crashes import POINTS
from tests.histories.history import History
from tests.histories.lakes import empty_lake
from tests.histories.tables import AROUND, CANCELS, DAYS, FACTS, FEEDS, PLANS, SIGNUPS, STATES, TARGETS, Setup
from tidemark.settings import Settings

feeds = st.sampled_from((SIGNUPS, SIGNUPS, PLANS, CANCELS))
targets = st.sampled_from((STATES, AROUND, FACTS, DAYS))
few = st.integers(1, 3)
points = st.none() | st.sampled_from(POINTS)


class Histories(RuleBasedStateMachine):
    """The events that upstream, schedulers, people and crashes cause."""

    settings: Settings
    engine: str

    def __init__(self) -> None:
        super().__init__()
        self.history: History

    @initialize(
        around_reads=st.sampled_from((SIGNUPS, FACTS)),
        limit=st.sampled_from((None, 12)),
        piece=st.sampled_from((None, 5)),
    )
    def begin(self, around_reads: str, limit: int | None, piece: int | None) -> None:
        self.history = History(empty_lake(self.settings), Setup(around_reads, limit, piece, self.engine))
        self.append(SIGNUPS, "a", "basic", [-0.5, 1.5])
        self.advance_all(4)
        self.run_all()

    @rule(
        feed=feeds,
        account=st.sampled_from("ab"),
        plan=st.sampled_from(("basic", "gold")),
        since_complete=st.lists(st.sampled_from((-30, -14, -5, -2.5, -1, -0.5, 0, 0.5, 3.5)), min_size=1, max_size=3),
    )
    def append(self, feed: str, account: str, plan: str, since_complete: list[float]) -> None:
        complete = self.history.feeds.complete[feed]
        self.history.feeds.append(feed, account, plan, [complete + x for x in since_complete])

    @rule(by=st.sampled_from((1, 2, 7, 26)))
    def advance_all(self, by: int) -> None:
        for feed in FEEDS:
            self.history.feeds.advance(feed, by)

    @rule(dataset=targets, late=st.sampled_from((-9, -2, -0.5)), by=st.sampled_from((0, 1, 7)), die=points)
    def late_signup_and_run(self, dataset: str, late: float, by: int, die: str | None) -> None:
        self.append(SIGNUPS, "b", "gold", [late])
        self.advance_all(by)
        self.history.run(dataset, die)

    @rule(feed=feeds, by=few)
    def advance(self, feed: str, by: int) -> None:
        self.history.feeds.advance(feed, by)

    @precondition(lambda self: any(self.history.feeds.events.values()))
    @rule(data=st.data())
    def delete(self, data: st.DataObject) -> None:
        held = sorted((f, int(e.at // 1)) for f, events in self.history.feeds.events.items() for e in events.values())
        feed, cell = data.draw(st.sampled_from(held), "hour")
        self.history.feeds.delete(feed, cell)

    @precondition(lambda self: any(self.history.feeds.events.values()))
    @rule(data=st.data(), by=st.sampled_from((-3, 0, 1)), in_one_commit=st.booleans())
    def overwrite(self, data: st.DataObject, by: int, in_one_commit: bool) -> None:
        held = sorted({(f, e.landed or 0) for f, events in self.history.feeds.events.items() for e in events.values()})
        feed, arrived = data.draw(st.sampled_from(held), "arrival hour")
        self.history.feeds.overwrite(feed, arrived, by, in_one_commit)

    @rule(feed=feeds, steps=few)
    def roll_feed_back(self, feed: str, steps: int) -> None:
        self.history.feeds.roll_back(feed, steps)

    @rule(dataset=targets, die=points)
    def run(self, dataset: str, die: str | None) -> None:
        self.history.run(dataset, die)

    @rule()
    def run_all(self) -> None:
        for dataset in TARGETS:
            self.history.run(dataset)

    @rule(
        dataset=targets,
        first=st.sampled_from((-6, -1, 0, 3, 20)),
        hours=st.sampled_from((1, 4, 30)),
        request_id=st.sampled_from(("one", "two")),
        die=points,
    )
    def backfill(self, dataset: str, first: int, hours: int, request_id: str, die: str | None) -> None:
        self.history.backfill(dataset, first, hours, request_id, die)

    @rule(dataset=targets)
    def leave(self, dataset: str) -> None:
        self.history.leave(dataset)

    @precondition(lambda self: self.history.left)
    @rule(data=st.data(), die=points)
    def resume(self, data: st.DataObject, die: str | None) -> None:
        self.history.resume(data.draw(st.sampled_from(sorted(self.history.left)), "dataset"), die)

    @precondition(lambda self: self.history.late)
    @rule()
    def late_write_lands(self) -> None:
        self.history.land_late_write()

    @rule(dataset=targets)
    def change_logic(self, dataset: str) -> None:
        self.history.change_logic(dataset)

    @rule(dataset=st.sampled_from((*FEEDS, *TARGETS)))
    def compact(self, dataset: str) -> None:
        self.history.compact(dataset)

    @rule(dataset=st.sampled_from((*FEEDS, *TARGETS)))
    def maintain(self, dataset: str) -> None:
        self.history.maintain(dataset)

    @rule(dataset=targets, steps=few)
    def roll_back(self, dataset: str, steps: int) -> None:
        self.history.roll_back(dataset, steps)

    @rule(dataset=targets)
    def vandalise(self, dataset: str) -> None:
        self.history.vandalise(dataset)

    @invariant()
    def nothing_moves_by_itself(self) -> None:
        self.history.check_untouched()

    def teardown(self) -> None:
        if sys.exc_info()[0] is None and hasattr(self, "history"):
            self.history.finish()


def machine(settings: Settings, engine: str) -> type[Histories]:
    """Return the state machine on one lake, which is empty at the start of each history."""
    return type("Histories", (Histories,), {"settings": settings, "engine": engine})
