"""One case of the matrix: a process dies at a point, another one recovers, and the oracles are asked."""

from __future__ import annotations

import itertools
from collections.abc import Iterator
from dataclasses import dataclass, replace
from datetime import timedelta
from pathlib import Path

from tests.accounts.world import Accounts
from tests.kill import oracle
from tests.kill.child import Call, Job
from tests.kill.faults import Fault
from tests.kill.gates import Gate
from tests.kill.lakes import CLOCKS, Stage, Template
from tests.kill.points import COMMIT, INIT, MIDDLE, Point
from tests.kill.processes import Ended, run_child
from tidemark.lake import ops

KILLED = -9
CATALOGS = ("sqlite", "postgres")
RECOVERIES = ("again", "cleared", "later")
"""Run again from init; the same step again with the same session, as by clearing its task; a run later, with news."""


@dataclass(frozen=True)
class Case:
    """Where a process dies, in which kind of session, on which catalog, and what follows."""

    point: Point
    world: str
    catalog: str
    recovery: str

    def __str__(self) -> str:
        return f"{self.point.step}: {self.point.name} | {self.world} | {self.catalog} | {self.recovery}"


class Play:
    """A case on its lake: children are started in it one after the other."""

    def __init__(self, template: Template, catalog_uri: str | None) -> None:
        self.template = template
        self.lake: Accounts = template.lay_down(catalog_uri)
        self.dataset = template.world.dataset
        self.stage: Stage = "news"
        self.gate = Gate(self.lake.settings.home / "gate", self.lake.settings, self.dataset)
        self._before = self._sessions()
        self._numbers = itertools.count()

    def child(self, call: Call, session: str = "", fault: Fault | None = None, days: int = 0) -> Ended:
        """One call in a process of its own, at the clock of the stage."""
        settings = self.lake.settings
        answer = settings.home / f"answer-{next(self._numbers)}.json"
        clock = CLOCKS[self.stage] + timedelta(days=days)
        return run_child(Job(call, settings, self.dataset, clock, answer, session, fault))

    def die_at(self, point: Point) -> list[str]:
        """Run a session that dies at a point; a write that waits in Spark then commits without its client."""
        fault = Fault(point, gate=self.gate)
        ended = self.child("run", fault=fault)
        if ended.status != KILLED:
            return [f"the process did not die at its point but ended with {ended.status}: {ended.log[-2000:]}"]
        return []

    def session(self) -> str:
        """The session that was planned in this case; empty where there is none."""
        return next(iter(self._sessions() - self._before), "")

    def _sessions(self) -> set[str]:
        return {row["session"] for row in ops.rows(self.lake.context.lake, "ops.sessions", columns=("session",))}

    def news_come(self) -> None:
        """Time passes, and upstream goes on."""
        self.stage = "later"
        self.template.world.later(self.lake)


def faults_of(case: Case, play: Play) -> Iterator[str]:
    """Play a case; a sentence for each thing that is not as it has to be."""
    yield from play.die_at(case.point)
    if case.point.when == "during":
        play.gate.open_and_await_commit()
    died = play.session()
    yield from oracle.at_death(play.lake, play.template, died)
    yield from recover(case, play, died)
    yield from oracle.after(play.lake, play.template, play.stage, CLOCKS[play.stage])
    if case.recovery != "later":
        yield from oracle.published_once(play.lake, play.dataset, died)
    yield from _sweep(case, play)


def recover(case: Case, play: Play, died: str) -> Iterator[str]:
    """What follows the death, each call in a new process. None of it may fail."""
    if case.recovery == "later":
        play.news_come()
    if case.recovery != "cleared":
        yield from _failed(play.child("run"))
        return
    step, session = case.point.step, died
    if step == INIT:
        ended = play.child("init")
        yield from _failed(ended)
        step, session = MIDDLE, ended.session
    if step == MIDDLE and session:
        ended = play.child("write_audit_publish", session)
        yield from _failed(ended)
        step, session = COMMIT, ended.session
    if step == COMMIT and session:
        yield from _failed(play.child("commit", session))


def _failed(ended: Ended) -> Iterator[str]:
    if ended.status:
        yield f"the recovery ended with {ended.status}: {ended.error or ended.log[-2000:]}"


def _sweep(case: Case, play: Play) -> Iterator[str]:
    """Only a session that was overtaken may leave a branch, and only until maintenance comes by."""
    left = oracle.litter(play.lake, play.dataset)
    if not left:
        return
    if case.recovery != "later":
        yield f"branches are left: {left}"
    yield from _failed(play.child("maintain", days=36500))
    yield from oracle.after(play.lake, play.template, play.stage, CLOCKS[play.stage])
    if oracle.litter(play.lake, play.dataset):
        yield "maintenance left the branches of a dead session"


__all__ = ["CATALOGS", "RECOVERIES", "Case", "Path", "Play", "faults_of", "recover", "replace"]
