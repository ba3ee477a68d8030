"""A model of the protocol, so small that every state that two runners, a crash and a compaction can reach is visited.

A state is plain data. `moves` yields every possible next step: an arrival, a compaction, a crash, the late write of a
killed client, or the next step of a runner. A runner goes through init, write, audit, publish and commit as
docs/architecture.md describes them: ids from content, one snapshot on the plan's base, one catalog commit that
asserts main and the watermark. `FLAWS` are mistakes in the protocol that the search has to find.
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass, replace

ARRIVALS = ((1,), (), ())
"""The rows of each arrival: first one row, then twice no row but the news that an hour is complete."""

FLAWS = ("watermark first", "no assertion of main", "no assertion of the watermark", "publish by branch name")


@dataclass(frozen=True)
class Snapshot:
    """A snapshot of the target: its parent, its rows, and whether it was audited."""

    parent: int
    rows: tuple[int, ...]
    audited: bool = False


@dataclass(frozen=True)
class Plan:
    """A runner's plan: consume the arrivals from `start` up to `to`, on snapshot `base`, after session `previous`."""

    session: str
    base: int
    previous: str
    start: int
    to: int

    @property
    def new_rows(self) -> tuple[int, ...]:
        """The rows that the session adds."""
        return tuple(row for arrival in ARRIVALS[self.start : self.to] for row in arrival)


@dataclass(frozen=True)
class Runner:
    """One process: its next step, its plan, and the snapshot that it staged."""

    at: str = "init"
    plan: Plan | None = None
    staged: int = 0


@dataclass(frozen=True)
class State:
    """The lake, the runners, and how many crashes and compactions may still happen."""

    runners: tuple[Runner, ...] = (Runner(), Runner())
    snapshots: tuple[Snapshot, ...] = (Snapshot(-1, (), audited=True),)
    main: int = 0
    watermark: tuple[str, int] = ("", 0)
    branches: tuple[tuple[str, int], ...] = ()
    closed: frozenset[str] = frozenset()
    late: tuple[Plan, ...] = ()
    arrived: int = 0
    crashes: int = 1
    compactions: int = 1


def moves(state: State, flaw: str = "") -> Iterator[State]:
    """Yield every state that one step can lead to."""
    if state.arrived < len(ARRIVALS):
        yield replace(state, arrived=state.arrived + 1)
    if state.compactions:
        head = replace(state.snapshots[state.main], parent=state.main)
        done = _with_snapshot(state, head)
        yield replace(done, main=len(done.snapshots) - 1, compactions=state.compactions - 1)
    for number, plan in enumerate(state.late):
        rest = state.late[:number] + state.late[number + 1 :]
        yield _write(replace(state, late=rest), plan)
    for number, runner in enumerate(state.runners):
        yield from _steps(state, number, runner, flaw)
        if state.crashes and runner.at != "init":
            yield _crash(state, number, runner)


def _crash(state: State, number: int, runner: Runner) -> State:
    """A runner dies and starts again. If it dies while it writes, its engine goes on and commits some time later."""
    late = (*state.late, runner.plan) if runner.at == "write" and runner.plan else state.late
    return replace(_with_runner(state, number, Runner()), late=late, crashes=state.crashes - 1)


def _steps(state: State, number: int, runner: Runner, flaw: str) -> Iterator[State]:
    plan = runner.plan
    if runner.at == "init":
        yield from _init(state, number)
    elif plan is None:
        return
    elif runner.at == "write":
        written = _write(state, plan)
        staged = len(written.snapshots) - 1
        yield _with_runner(written, number, replace(runner, at="audit", staged=staged))
    elif runner.at == "audit":
        seen = replace(state.snapshots[runner.staged], audited=True)
        snapshots = (*state.snapshots[: runner.staged], seen, *state.snapshots[runner.staged + 1 :])
        yield _with_runner(replace(state, snapshots=snapshots), number, replace(runner, at="publish"))
    elif runner.at == "publish":
        yield _publish(state, number, runner, plan, flaw)
    elif runner.at == "move main":
        yield _with_runner(replace(state, main=runner.staged), number, replace(runner, at="commit"))
    elif runner.at == "commit":
        yield _with_runner(replace(state, closed=state.closed | {plan.session}), number, Runner())


def _init(state: State, number: int) -> Iterator[State]:
    """Commit a session that was only published; then plan, if anything is new."""
    session, consumed = state.watermark
    if session and session not in state.closed:
        state = replace(state, closed=state.closed | {session})
    if state.arrived > consumed:
        name = f"{consumed}-{state.arrived}, {state.compactions} compactions to come"
        plan = Plan(name, state.main, session, consumed, state.arrived)
        yield _with_runner(state, number, Runner("write" if plan.new_rows else "publish", plan, state.main))


def _write(state: State, plan: Plan) -> State:
    """Make one commit on the plan's base; the session's branch name then points to it."""
    rows = tuple(sorted((*state.snapshots[plan.base].rows, *plan.new_rows)))
    written = _with_snapshot(state, Snapshot(plan.base, rows))
    branches = {**dict(state.branches), plan.session: len(written.snapshots) - 1}
    return replace(written, branches=tuple(sorted(branches.items())))


def _publish(state: State, number: int, runner: Runner, plan: Plan, flaw: str) -> State:
    """Move main and the watermark together if both are as planned; otherwise start again from init."""
    main_moved = state.main != plan.base and flaw != "no assertion of main"
    watermark_moved = state.watermark[0] != plan.previous and flaw != "no assertion of the watermark"
    if main_moved or watermark_moved:
        return _with_runner(state, number, Runner())
    mark = (plan.session, plan.to)
    branches = dict(state.branches) if flaw == "publish by branch name" else {}
    target = branches.get(plan.session, runner.staged)
    if flaw == "watermark first":
        return _with_runner(replace(state, watermark=mark), number, replace(runner, at="move main"))
    return _with_runner(replace(state, watermark=mark, main=target), number, replace(runner, at="commit"))


def _with_snapshot(state: State, snapshot: Snapshot) -> State:
    return replace(state, snapshots=(*state.snapshots, snapshot))


def _with_runner(state: State, number: int, runner: Runner) -> State:
    runners = (*state.runners[:number], runner, *state.runners[number + 1 :])
    return replace(state, runners=runners)


def fault(state: State, before: State) -> str | None:
    """Return the rule that a step broke; None if all rules hold."""
    head = state.snapshots[state.main]
    expected = tuple(sorted(row for arrival in ARRIVALS[: state.watermark[1]] for row in arrival))
    if not head.audited:
        return "main holds rows that no audit saw"
    if state.watermark[1] < before.watermark[1]:
        return "the watermark went back"
    if head.rows != expected:
        return f"main holds {head.rows}, the watermark promises {expected}"
    if not _descends(state, state.main, before.main):
        return "a commit that was on main is gone"
    return None


def _descends(state: State, snapshot: int, ancestor: int) -> bool:
    while snapshot not in (ancestor, -1):
        snapshot = state.snapshots[snapshot].parent
    return snapshot == ancestor
