"""The work of a child process: one call of a scheduler, with or without a fault."""

from __future__ import annotations

import json
import os
import sys
import traceback
from dataclasses import dataclass
from datetime import datetime
from pathlib import Path
from typing import Literal

# All children are forked from a process that has imported this module, so they find its imports loaded.
import pyspark.sql.connect.session
import pyspark.sql.functions  # noqa: F401

import tidemark.steps.audit
import tidemark.steps.write  # noqa: F401
from tests.kill.faults import Fault, arm
from tidemark import session
from tidemark.operate.maintenance import maintain
from tidemark.settings import Settings
from tidemark.stages import Committed, Planned, Published
from tidemark.state.effect import How
from tidemark.steps.context import Context

Call = Literal["run", "init", "write_audit_publish", "commit", "maintain"]

FAILED = 3
"""The exit status of a child whose call raised an error."""


@dataclass(frozen=True)
class Job:
    """One call. `session` is the session of the last two steps; `answer` is the file for the result."""

    call: Call
    settings: Settings
    dataset: str
    clock: datetime
    answer: Path
    session: str = ""
    fault: Fault | None = None


def carry_out(job: Job) -> None:
    """Do the job. Write the session's id (empty if there was nothing to do) or the error to the answer file."""
    _speak_into(job.answer.with_suffix(".log"))
    if job.fault is not None:
        arm(job.fault)
    try:
        done = _call(job, session.open_context(job.settings, job.clock))
    except Exception as error:
        traceback.print_exc()
        _answer(job, error=f"{type(error).__name__}: {error}")
        sys.exit(FAILED)
    _answer(job, session=done)


def _call(job: Job, context: Context) -> str:
    if job.call == "init":
        return _id(session.init(context, job.dataset))
    if job.call == "write_audit_publish":
        return _id(session.write_audit_publish(context, job.dataset, job.session))
    if job.call == "commit":
        return _id(session.commit(context, job.dataset, job.session))
    if job.call == "maintain":
        return maintain(context, job.dataset)
    return _id(session.run(context, job.dataset))


def _id(done: Planned | Published | Committed) -> str:
    return "" if done.plan.how is How.nothing else done.plan.session


def _answer(job: Job, **said: str) -> None:
    job.answer.write_text(json.dumps(said), encoding="utf-8")


def _speak_into(path: Path) -> None:
    log = os.open(path, os.O_WRONLY | os.O_CREAT | os.O_APPEND)
    for stream in (1, 2):
        os.dup2(log, stream)
