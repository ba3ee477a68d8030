"""One case of the matrix: a process dies at a point, another one recovers, and the oracles check the lake."""

from __future__ import annotations

import itertools
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from datetime import timedelta

from tests.accounts.world import Accounts
from tests.kill import oracle
from tests.kill.child import FAILED, Call, Job
from tests.kill.faults import Fault
from tests.kill.gates import Gate
from tests.kill.lakes import CLOCKS, Stage, Template
from tests.kill.points import BEFORE_PUBLISH, COMMIT, INIT, MIDDLE, Point, Step
from tests.kill.processes import Ended, run_child
from tidemark.catalog import ops

KILLED = -9
DONE = 0
CATALOGS = ("sqlite", "postgres")
RECOVERIES = ("again", "cleared", "later")
"""`again`: run again from init. `cleared`: repeat the same step with the same session, as after clearing its task.
`later`: a later run, with news."""


@dataclass(frozen=True)
class Case:
    """Where a process dies, in which kind of session, on which catalog, and how it is recovered."""

    point: Point
    world: str
    catalog: str
    recovery: str

    def __str__(self) -> str:
        return f"{self.point.step}: {self.point.name} | {self.world} | {self.catalog} | {self.recovery}"


class Play:
    """A case on its lake, on which child processes are started one after the other."""

    def __init__(self, template: Template, catalog_uri: str | None) -> None:
        self.template = template
        self.lake: Accounts = template.lay_down(catalog_uri)
        self.dataset = template.world.dataset
        self.stage: Stage = "news"
        self.gate = Gate(self.lake.settings.home / "gate", self.lake.settings, self.dataset)
        self._before = self._sessions()
        self._numbers = itertools.count()

    def child(self, call: Call, session: str = "", fault: Fault | None = None, days: int = 0) -> Ended:
        """Make one call in a child process, with the clock of the stage."""
        settings = self.lake.settings
        answer = settings.home / f"answer-{next(self._numbers)}.json"
        clock = CLOCKS[self.stage] + timedelta(days=days)
        return run_child(Job(call, settings, self.dataset, clock, answer, session, fault))

    def end_at(self, point: Point) -> Iterator[str]:
        """Run a session that ends at a point, by a kill or by an error. Yields a fault if it ends otherwise."""
        expected = KILLED if point.action == "die" else DONE if point.heals else FAILED
        ended = self.child("run", fault=Fault(point, self.gate))
        if ended.status != expected:
            yield f"the process did not end at its point but with {ended.status}: {ended.log[-2000:]}"

    def session(self) -> str:
        """Return the session that was planned in this case; an empty text if there is none."""
        return next(iter(self._sessions() - self._before), "")

    def _sessions(self) -> set[str]:
        return {row["session"] for row in ops.rows(self.lake.context.lake, "ops.sessions", columns=("session",))}

    def faults(self) -> Iterator[str]:
        """Return the faults of the lake after recovery."""
        return oracle.after(self.lake, self.template, self.stage, CLOCKS[self.stage])

    def news_come(self) -> None:
        """Let time pass and upstream publish the later news."""
        self.stage = "later"
        self.template.world.later(self.lake)


def faults_of(case: Case, play: Play) -> Iterator[str]:
    """Run a case; yield a sentence for each fault."""
    yield from play.end_at(case.point)
    if case.point.when == "during" and case.recovery in RECOVERIES:
        play.gate.open_and_await_commit()
    died = play.session()
    yield from oracle.at_death(play.lake, play.template, died)
    yield from _recoveries(case, play, died)
    yield from play.faults()
    if play.stage != "later":
        yield from oracle.published_once(play.lake, play.dataset, died)
    yield from _sweep(case, play)


def _recoveries(case: Case, play: Play, died: str) -> Iterator[str]:
    """Recover, with each call in a new process. Yields a fault if a call fails."""
    if case.recovery == "again":
        yield from _failed(play.child("run"))
    elif case.recovery == "cleared":
        yield from _clear(play, case.point.step, died)
    elif case.recovery == "later":
        play.news_come()
        yield from _failed(play.child("run"))
    else:
        yield from LATE[case.recovery](play, died)


def _clear(play: Play, step: Step, session: str) -> Iterator[str]:
    """Clear a step's task: it and the later tasks run again with the same arguments."""
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


def _between_audit_and_publish(play: Play, died: str) -> Iterator[str]:
    """The dead attempt commits when the next attempt is audited and about to be published."""
    late = Fault(BEFORE_PUBLISH, play.gate, "let the late commit in")
    yield from _failed(play.child("write_audit_publish", died, late))
    yield from _failed(play.child("commit", died))


def _after_its_branch_went(play: Play, died: str) -> Iterator[str]:
    """The dead attempt commits after its session was published and cleaned up, so that its branch exists again."""
    yield from _clear(play, MIDDLE, died)
    yield from _late_commit_changes_nothing(play)
    yield from _failed(play.child("run"))


def _after_another_session(play: Play, died: str) -> Iterator[str]:
    """The dead attempt commits after a later session did its work; then its task is cleared."""
    play.news_come()
    yield from _failed(play.child("run"))
    yield from _late_commit_changes_nothing(play)
    yield from _clear(play, MIDDLE, died)


def _late_commit_changes_nothing(play: Play) -> Iterator[str]:
    head = play.lake.head(play.dataset)
    play.gate.open_and_await_commit()
    if play.lake.head(play.dataset) != head:
        yield "a late commit moved main"
    if not oracle.litter(play.lake, play.dataset):
        yield "a late commit left no branch: it was not late"


LATE: dict[str, Callable[[Play, str], Iterator[str]]] = {
    "late commit between audit and publish": _between_audit_and_publish,
    "late commit after its branch went": _after_its_branch_went,
    "late commit after another session": _after_another_session,
}
"""When the write of a dead client commits, and what happens before."""


def _sweep(case: Case, play: Play) -> Iterator[str]:
    """Check that only an overtaken session leaves a branch, and that maintenance removes it."""
    left = oracle.litter(play.lake, play.dataset)
    if not left:
        return
    if play.stage != "later":
        yield f"branches are left: {left}"
    yield from _failed(play.child("maintain", days=36500))
    yield from play.faults()
    if oracle.litter(play.lake, play.dataset):
        yield "maintenance left the branches of a dead session"
