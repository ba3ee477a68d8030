"""The events of a history: sessions, crashes, changes by hand. After each event, the tables are compared to the model.

Both the random state machine and single tests use `History`. Its methods are the events. Each method ends with a
comparison of the tables with the oracle, at the positions of their watermarks.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import replace
from typing import Any

from tests.accounts.world import Accounts, hour
from tests.histories.crashes import Died, dying
from tests.histories.model import Model
from tests.histories.tables import FEEDS, TARGETS, Setup, cell_of, unit_of
from tidemark import session
from tidemark.catalog.properties import SESSION, property_of
from tidemark.errors import ForeignCommit, PositionLost, RequestRefused, RolledBack
from tidemark.lineage.history import keeps_content
from tidemark.operate import manual
from tidemark.operate.maintenance import maintain
from tidemark.state.cause import Restatement, Resync
from tidemark.state.effect import How
from tidemark.state.ranges import Interval

FAR_AHEAD = hour(24 * 365 * 100)
"""A clock by which every snapshot is old."""


class History(Model):
    """One lake, its model, and the events that happen to them."""

    def __init__(self, accounts: Accounts, setup: Setup | None = None) -> None:
        super().__init__(accounts, setup)
        self.left: dict[str, str] = {}
        self.late: list[Callable[[], Any]] = []

    # Sessions

    def run(self, dataset: str, die: str | None = None) -> None:
        """Run a session; if an input's history is gone, run a resync as the error says."""
        try:
            self._attempt(dataset, lambda: self.accounts.run(dataset), die)
        except PositionLost:
            assert self._position_is_lost(dataset), "the position is there, but the session says that it is lost"
            self.resync(dataset)

    def resync(self, dataset: str) -> None:
        """Rebuild a table from everything that its inputs hold now."""
        self._attempt(
            dataset, lambda: session.run(self.accounts.context, dataset, Resync(), say=self.accounts.said.append)
        )

    def backfill(self, dataset: str, first: int, hours: int, request_id: str, die: str | None = None) -> None:
        """Restate some hours; that is refused if none of them is built."""
        request = Restatement(Interval(hour(first), hour(first + hours)), request_id, "a history asked for it")
        answered, undone = ((dataset, request_id) in pairs for pairs in (self.answered, self.undone))
        old = self.mark[dataset]
        try:
            self._attempt(dataset, lambda: self.accounts.run(dataset, request), die)
        except PositionLost:
            assert self._position_is_lost(dataset)
            self.resync(dataset)
            return
        except RequestRefused:
            through = old.complete_through if old else None
            unit = unit_of(dataset)
            assert through is None or first // unit * unit >= cell_of(through), "refused, although it is built"
            return
        if answered:
            assert self.mark[dataset] == old, "a request that was already answered was carried out again"
        if undone:
            assert self.mark[dataset] != old, "a request that was rolled back still counts as carried out"

    def leave(self, dataset: str) -> None:
        """Run only init: the task is killed before its next step, and cleared some time later."""
        try:
            planned = session.init(self.accounts.context, dataset, say=self.accounts.said.append)
        except PositionLost:
            self.run(dataset)
            return
        self._observe(dataset)
        if planned.plan.how is not How.nothing:
            self.left[dataset] = planned.plan.session

    def resume(self, dataset: str, die: str | None = None) -> None:
        """Run the steps after init of a session that was left after init."""
        left = self.left.pop(dataset)
        try:
            self._attempt(dataset, lambda: self._finish(dataset, left), die)
        except PositionLost:
            self.run(dataset)

    def _finish(self, dataset: str, left: str) -> None:
        context = self.accounts.context
        done = session.write_audit_publish(context, dataset, left, say=self.accounts.said.append)
        if done.plan.how is not How.nothing:
            session.commit(context, dataset, done.plan.session, say=self.accounts.said.append)

    def _attempt(self, dataset: str, work: Callable[[], Any], die: str | None = None) -> None:
        try:
            with dying(die, self.late):
                work()
        except Died:
            self._new_process()
        finally:
            self._observe(dataset)

    def _new_process(self) -> None:
        fresh = session.open_context(self.accounts.settings, self.accounts.context.clock)
        self.accounts.context = replace(fresh, specs=self.accounts.context.specs)

    def land_late_write(self) -> None:
        """Let the engine finish the write of a dead client."""
        write = self.late.pop(0)
        try:
            write()
        except Exception as gone:
            assert "branch" in str(gone) or "ref" in str(gone), gone
        for dataset in TARGETS:
            self._observe(dataset)

    # Changes by hand

    def change_logic(self, dataset: str) -> None:
        """Change the transform: it gives other rows from now on."""
        self.version[dataset] = self.version[dataset] % 3 + 1
        spec = replace(self.accounts.context.specs[dataset], params={"version": self.version[dataset]})
        specs = {**self.accounts.context.specs, dataset: spec}
        self.accounts.context = replace(self.accounts.context, specs=specs)

    def compact(self, dataset: str) -> None:
        """Rewrite all files of a table."""
        self.engine.compact(dataset)
        self._note_head(dataset)

    def maintain(self, dataset: str) -> None:
        """Run maintenance, with expiry as if a hundred years had passed."""
        maintain(replace(self.accounts.context, clock=FAR_AHEAD), dataset)
        self._note_head(dataset)

    def _note_head(self, dataset: str) -> None:
        if dataset in FEEDS:
            self.feeds.note_head(dataset)
            return
        self.head[dataset] = self.accounts.head(dataset)
        self._remember(dataset)
        self._compare(dataset)

    def roll_back(self, dataset: str, steps: int) -> None:
        """Roll main back by some snapshots; the next session refuses to run; then adopt the rollback."""
        line = self._line(dataset)
        earlier = line[min(steps, len(line) - 1)]
        gone = {property_of(s, SESSION) for s in line[: line.index(earlier)]}
        mark = self.mark[dataset]
        self.engine.roll_back(dataset, earlier.snapshot_id)
        self.head[dataset] = earlier.snapshot_id
        if mark is None or any(s.snapshot_id == mark.snapshot for s in self._line(dataset)):
            self._compare(dataset)
            return
        try:
            self.accounts.run(dataset)
        except RolledBack:
            pass
        else:
            raise AssertionError("a session ran on a table that was rolled back")
        self._forget_answers(dataset, gone)
        try:
            manual.adopt(self.accounts.context, dataset, "a history rolled it back", self.accounts.said.append)
        except RequestRefused:
            held = next((s for s in self._line(dataset) if not keeps_content(s)), None)
            assert held is None or property_of(held, SESSION) is None, "main holds what a session published"
            self.undone -= {pair for pair in self.undone if pair[0] == dataset}
            self.resync(dataset)
        self._observe(dataset)

    def _forget_answers(self, dataset: str, gone: set[str | None]) -> None:
        """Mark requests as undone if their session left main; expect nothing of sessions that made no snapshot."""
        held = {property_of(s, SESSION) for s in self._line(dataset)}
        own = {pair: session for pair, session in self.answered.items() if pair[0] == dataset}
        self.undone |= {pair for pair, session in own.items() if session in gone}
        for pair in own:
            if self.answered[pair] not in held:
                del self.answered[pair]

    def vandalise(self, dataset: str) -> None:
        """Delete rows of a table by hand; the next session refuses to run; then a resync repairs the table."""
        if not self.expected[dataset]:
            return
        self.engine.delete_all(dataset)
        self.foreign.add(self.accounts.head(dataset))
        try:
            self.accounts.run(dataset)
        except ForeignCommit:
            pass
        else:
            raise AssertionError("a session ran on a table that somebody else had written to")
        self.resync(dataset)

    # The end

    def finish(self) -> None:
        """Let everything catch up: nothing is owed, nothing is new, and backfills rebuild what is overdue."""
        for dataset in TARGETS:
            self.run(dataset)
            self._until_nothing_is_owed(dataset)
            mark = self.mark[dataset]
            assert self.accounts.plan(dataset).how is How.nothing, "there is always more to do"
            self._check_full(dataset)
            for number, interval in enumerate(mark.overdue if mark else ()):
                first, end = cell_of(interval.start), cell_of(interval.end)
                self.backfill(dataset, first, end - first, f"the overdue {number}")
            mark = self.mark[dataset]
            assert mark is None or not mark.overdue, "a backfill rebuilt what was overdue, but it is still overdue"
        self.check_explained()

    def _until_nothing_is_owed(self, dataset: str) -> None:
        for _ in range(60):
            mark = self.mark[dataset]
            if mark is None or not mark.owed:
                return
            self.run(dataset)
        raise AssertionError("the owed ranges do not shrink")
