"""Run children as real processes, forked from a process that has imported everything, so that each starts quickly."""

from __future__ import annotations

import json
import multiprocessing
from dataclasses import dataclass
from multiprocessing.context import ForkServerContext

from tests.kill.child import Job, carry_out

PATIENCE = 240.0
"""Seconds after which a child counts as stuck."""

WARM = [
    "tests.kill.child",
    "tests.accounts.transforms",
    "great_expectations",
    "pyiceberg.io.pyarrow",
    "sqlalchemy.dialects.postgresql.psycopg2",
    "sqlalchemy.dialects.sqlite",
    "rich.console",
    "rich.table",
]
"""The modules that the parent of the children imports beforehand, because their import takes long."""


@dataclass(frozen=True)
class Ended:
    """How a child ended: its exit status (-9: killed), the session in its answer, its error, and its output."""

    status: int
    session: str
    error: str
    log: str


def run_child(job: Job) -> Ended:
    """Do a job in a child process, and wait until it ends. Raises TimeoutError after PATIENCE seconds."""
    child = _forking().Process(target=carry_out, args=(job,))
    child.start()
    child.join(PATIENCE)
    if child.exitcode is None:
        child.kill()
        child.join()
        raise TimeoutError(f"{job.call} of {job.dataset} did not end; it said:\n{_log(job)}")
    said = json.loads(job.answer.read_text(encoding="utf-8")) if job.answer.exists() else {}
    return Ended(child.exitcode, said.get("session", ""), said.get("error", ""), _log(job))


def _forking() -> ForkServerContext:
    context = multiprocessing.get_context("forkserver")
    context.set_forkserver_preload(WARM)
    return context


def _log(job: Job) -> str:
    path = job.answer.with_suffix(".log")
    return path.read_text(encoding="utf-8") if path.exists() else ""
