"""A process that works through sessions until it is killed or asked to stop, and keeps a journal of its steps.

The journal is a line of JSON for each step that begins; the last one says where a kill hit.
"""

from __future__ import annotations

import json
import os
import time
import traceback
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from tests.accounts.world import as_request
from tests.soak.schedule import Task
from tidemark import session
from tidemark.settings import Settings
from tidemark.stages import Planned
from tidemark.state.cause import NEWS, Cause
from tidemark.state.effect import How
from tidemark.steps.context import Context

IDLE = 0.02
"""Seconds to wait after a session that had nothing to do."""


@dataclass(frozen=True)
class Journal:
    """The steps of one runner, in a file that remains after its death."""

    path: Path

    def note(self, step: str, dataset: str = "", **more: Any) -> None:
        """Add a line in one write, so that a kill leaves all or nothing of it. A reader may still see half of it."""
        line = json.dumps({"step": step, "dataset": dataset, "at": time.time(), **more}) + "\n"
        handle = os.open(self.path, os.O_WRONLY | os.O_APPEND | os.O_CREAT)
        os.write(handle, line.encode())
        os.close(handle)

    def lines(self) -> list[dict[str, Any]]:
        """Return all complete lines."""
        if not self.path.exists():
            return []
        text = self.path.read_text(encoding="utf-8")
        return [json.loads(line) for line in text[: text.rfind("\n") + 1].splitlines()]

    @property
    def step(self) -> str:
        """Return the step that began last."""
        lines = self.lines()
        return str(lines[-1]["step"]) if lines else "start"


def work(settings: Settings, tasks: tuple[Task, ...], journal: Path, stop: Path) -> None:
    """Repeat the tasks until the stop file exists. An error ends only the session, as it fails a scheduler's task."""
    notes = Journal(journal)
    notes.note("start")
    context = open_at_end_of_test(settings)
    for task in _endlessly(tasks, stop):
        try:
            _one_session(context, task, notes)
        except Exception as error:
            notes.note("error", task.dataset, kind=type(error).__name__, message=str(error)[:500], where=where(error))
    notes.note("end")


def where(error: Exception) -> str:
    """Return the last calls outside of libraries that led to an error."""
    calls = [call for call in traceback.extract_tb(error.__traceback__) if "site-packages" not in call.filename]
    return " > ".join(f"{Path(call.filename).stem}.{call.name}:{call.lineno}" for call in calls[-4:])


def open_at_end_of_test(settings: Settings) -> Context:
    """Open the lake with the clock of all sessions of a soak."""
    from tests.accounts.world import hour

    return session.open_context(settings, hour(24))


def cause_of(task: Task) -> Cause:
    """Return the cause of a task: the backfill that it requests, or news."""
    if task.request_id is None:
        return NEWS
    assert task.first is not None and task.last is not None, "a backfill names its hours"
    return as_request(task.first, task.last, task.request_id)


def _endlessly(tasks: tuple[Task, ...], stop: Path) -> Iterator[Task]:
    while True:
        for task in tasks:
            if stop.exists():
                return
            yield task


def _one_session(context: Context, task: Task, notes: Journal) -> None:
    """The three calls that a scheduler makes."""
    notes.note("init", task.dataset)
    planned = session.init(context, task.dataset, cause_of(task), say=lambda _: None)
    if planned.plan.how is How.nothing:
        notes.note("idle", task.dataset)
        time.sleep(IDLE)
        return
    notes.note("write", task.dataset, session=planned.plan.session, how=planned.plan.how.value)
    _publish_and_commit(context, task, planned, notes)


def _publish_and_commit(context: Context, task: Task, planned: Planned, notes: Journal) -> None:
    def listen(said: str) -> None:
        step = _step_that_follows(said)
        if step:
            notes.note(step, task.dataset)

    published = session.write_audit_publish(context, task.dataset, planned.plan.session, say=listen)
    if published.plan.how is How.nothing:
        notes.note("overtaken", task.dataset)
        return
    notes.note("commit", task.dataset, session=published.plan.session)
    session.commit(context, task.dataset, published.plan.session, say=lambda _: None)
    notes.note("closed", task.dataset, session=published.plan.session)


def _step_that_follows(said: str) -> str | None:
    """Return the step that a session begins after it printed this line."""
    if said.startswith("staged"):
        return "audit"
    if said.startswith("audit passed"):
        return "publish"
    return "redo" if "starts again from init" in said else None
