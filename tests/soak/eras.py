"""Rounds of kills and changes on one lake after another. After each round both runners recover, and it is checked."""

from __future__ import annotations

import contextlib
import os
import threading
import time
from collections.abc import Callable, Iterator
from datetime import UTC, datetime, timedelta
from pathlib import Path

from tests.accounts.world import SCHEMAS, Accounts
from tests.soak.checks import faults, litter, overdue_hours
from tests.soak.figures import Figures
from tests.soak.ledger import Ledger
from tests.soak.processes import Reader, Runner, kill_all
from tests.soak.runner import cause_of, where
from tests.soak.schedule import TARGETS, Round, Schedule, Task
from tests.soak.upstream import act, as_of
from tidemark import session
from tidemark.catalog.properties import CATALOG
from tidemark.errors import RequestRefused
from tidemark.operate.maintenance import maintain, maintain_ops
from tidemark.settings import Settings
from tidemark.state.effect import How

Say = Callable[[str], None]

PIECES = 50
"""A dataset that needs more sessions than this to catch up after a round counts as never finishing."""


class SoakFailed(AssertionError):
    """The lake is wrong. The message names the seed, the era, the round and the lake's folder."""


def soak(schedule: Schedule, folder: Path, remote: str, say: Say = print) -> Figures:
    """Carry out a schedule. Raises SoakFailed at the first round after which the lake is wrong."""
    folder.mkdir(parents=True, exist_ok=True)
    (folder / "schedule.json").write_text(schedule.to_json(), encoding="utf-8")
    figures = Figures()
    for number, rounds in enumerate(schedule.eras, 1):
        home = folder / f"era-{number}"
        Era(Settings(home=home, schemas=SCHEMAS, spark_remote=remote), schedule.seed, number, figures, say).run(rounds)
    return figures


class Era:
    """One lake, from its first session to the last sweep."""

    def __init__(self, settings: Settings, seed: int, number: int, figures: Figures, say: Say) -> None:
        self.settings, self.figures, self.say = settings, figures, say
        self.place = f"seed {seed}, era {number}"
        self.world = Accounts(settings)
        self.ledger = Ledger()
        self.asked: list[Task] = []
        self.attempts = 0
        self.staged_in_recovery: list[str] = []

    def run(self, rounds: tuple[Round, ...]) -> None:
        """Run all rounds while a reader watches, and then the sweep."""
        reader = Reader.start(self.settings)
        try:
            for number, each in enumerate(rounds, 1):
                self._round(f"{self.place}, round {number} of {len(rounds)}", number, each)
            self._sweep()
        finally:
            seen = reader.stop()
        self.figures.count("reader", "polls", seen.polls)
        self.figures.count("reader", "states", seen.states)
        self.figures.count("reader", "rows", seen.rows)
        self._check(f"{self.place}, the reader", seen.faults)

    def _round(self, place: str, number: int, each: Round) -> None:
        if number == 1:
            self._act(each)
        runners = [
            Runner.start(self.settings, tasks, f"round-{number}-runner-{name}") for name, tasks in enumerate(each.tasks)
        ]
        kills = kill_all(runners, each.kills)
        if number > 1:
            self._act(each)
        for thread in kills:
            thread.join()
        for runner in runners:
            runner.stop()
        self._count(runners)
        self.asked += [task for tasks in each.tasks for task in tasks if task.request_id]
        seconds = self._recover(place)
        self._check(place, faults(self.world, self.ledger))
        self._check_litter(place)
        hit = ", ".join(runner.killed_at for runner in runners if runner.killed_at)
        self.say(f"{self.figures.seconds:6.0f} s  {place}: killed at {hit}; recovered in {seconds:.1f} s")

    def _act(self, each: Round) -> None:
        """Do the actions of upstream and maintenance, before the runners start (first round) or beside them (later)."""
        for action in each.actions:
            act(self.world, action, self.figures)
            self.ledger.apply(action)

    def _recover(self, place: str) -> float:
        """Let two runners finish at the same time, including the requested backfills; return the seconds."""
        began = time.monotonic()
        errors: list[str] = []
        threads = [threading.Thread(target=self._run_to_the_end, args=(errors,)) for _ in range(2)]
        for thread in threads:
            thread.start()
        for thread in threads:
            thread.join()
        self._check(place, errors)
        self.asked = self.asked[-1:]
        self.figures.count("recoveries", "rounds")
        return time.monotonic() - began

    def _run_to_the_end(self, errors: list[str]) -> None:
        try:
            for task in self.asked:
                with contextlib.suppress(RequestRefused):
                    self._session(task)
            for dataset in TARGETS:
                for _ in range(PIECES):
                    if self._session(Task(dataset)):
                        break
                else:
                    errors.append(f"{dataset}: has not caught up after {PIECES} sessions")
        except Exception as error:
            errors.append(f"the recovery failed: {type(error).__name__}: {error}; {where(error)}")

    def _session(self, task: Task) -> bool:
        """Run one session in this process; return whether there was nothing to do."""
        done = session.run(self.world.context, task.dataset, cause_of(task), say=self._listen)
        self.figures.count("sessions in recovery", done.plan.how.value)
        return done.plan.how is How.nothing

    def _listen(self, said: str) -> None:
        if said.startswith("staged"):
            self.staged_in_recovery.append(said)

    def _count(self, runners: list[Runner]) -> None:
        for runner in runners:
            if runner.killed_at:
                self.figures.count("kills", runner.killed_at)
            for line in runner.journal.lines():
                step = line["step"]
                self.attempts += step in ("write", "redo")
                if step == "error":
                    self.figures.count("errors of runners", line["kind"])
                    self.say(f"    {line['dataset']}: {line['kind']}: {line['message'][:300]} ({line['where']})")
                elif step in ("idle", "closed", "redo", "overtaken"):
                    self.figures.count("sessions of runners", step)
                if step == "write":
                    self.figures.count("planned by runners", line["how"])

    def _check_litter(self, place: str) -> None:
        left = litter(self.world)
        self.figures.count("litter", "branches after rounds", left)
        attempts = self.attempts + len(self.staged_in_recovery)
        if left > attempts:
            raise SoakFailed(f"{place}: {left} branches are left after {attempts} attempts")

    def _sweep(self) -> None:
        """Rebuild the overdue ranges, and then let maintenance remove everything that is left over."""
        for dataset in TARGETS:
            for first, last in overdue_hours(self.world, dataset):
                self._session(Task(dataset, first, last, f"overdue-{dataset}-{first}"))
        self._recover(f"{self.place}, the sweep")
        time.sleep(1)
        later = as_of(self.world.context, timedelta(0))
        for name in (*TARGETS, *self.ledger.rows):
            maintain(later, name)
        maintain_ops(later)
        self._remove_orphans()
        left = [f"{litter(self.world)} branches are left after the sweep"] if litter(self.world) else []
        left += [f"{name}: still overdue" for name in TARGETS if overdue_hours(self.world, name)]
        self._recover(f"{self.place}, after the sweep")
        self._check(f"{self.place}, after the sweep", [*left, *faults(self.world, self.ledger)])

    def _remove_orphans(self) -> None:
        """Make all files old, so that maintenance removes those that no snapshot names."""
        for dataset in TARGETS:
            for path in _files(self.world.folder(dataset)):
                _make_old(path)
            found = self.world.spark.sql(f"CALL {CATALOG}.system.remove_orphan_files(table => '{dataset}')").collect()
            self.figures.count("litter", "orphan files", len(found))

    def _check(self, place: str, found: list[str]) -> None:
        if found:
            lines = "\n  ".join(found[:10])
            raise SoakFailed(f"{place}: {len(found)} faults; the lake is in {self.settings.home}\n  {lines}")


def _files(folder: Path) -> Iterator[Path]:
    return (path for path in folder.rglob("*") if path.is_file())


def _make_old(path: Path) -> None:
    with contextlib.suppress(FileNotFoundError):
        old = (datetime.now(UTC) - timedelta(days=3)).timestamp()
        os.utime(path, (old, old))
