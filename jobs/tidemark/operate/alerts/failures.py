"""The alert about a task that failed and is not tried again."""

from __future__ import annotations

import re
from dataclasses import dataclass

from tidemark import errors
from tidemark.operate.alerts.alert import RUNBOOKS, Alert, Kind

_NAMED = re.compile(r"([A-Z][A-Za-z]+): (.*)", re.DOTALL)


@dataclass(frozen=True)
class Failure:
    """A failed task: the DAG, the run, the task, and its dataset if it belongs to a session.

    `error` is the exception, None if the process was killed. `session` is the session that the run planned.
    """

    dag: str
    run: str
    task: str
    dataset: str | None = None
    error: BaseException | None = None
    session: str | None = None


def alert_of(failure: Failure) -> Alert:
    """Return the alert about a failure."""
    name, what = _describe(failure.error)
    failed_audit = name == errors.AuditFailed.__name__
    place = f"{failure.dag}, run {failure.run}, task {failure.task}"
    return Alert(
        kind=Kind.audit_failed if failed_audit else Kind.failed,
        where=f"{failure.dataset}, {place}" if failure.dataset else place,
        what=f"{name}: {what}" if what else name,
        next_command=_next_command(failure, failed_audit),
        page=_page(failure),
        runbook=_RUNBOOKS.get(name),
    )


def is_refused_request(failure: Failure) -> bool:
    """Whether a run's first task refused what a person asked for. Who asked sees it, and nothing is broken.

    A session that refuses is told: it may be the DAG that asks for something impossible.
    """
    return failure.dataset is None and _describe(failure.error)[0] == errors.RequestRefused.__name__


def key_of(failure: Failure) -> str:
    """Return what a repeated failure has in common with the first: the error, and the dataset or else the task.

    An error in a file that all tasks read is one failure, however many tasks it stops.
    """
    name, text = _describe(failure.error)
    if name in _OF_FILES:
        return f"{name} {text[:300]}"
    return f"{name} {failure.dataset or f'{failure.dag}.{failure.task}'}"


def runbook_of(error: BaseException | None) -> str:
    """Return the runbook of an error: a page of `docs/runbooks`, without its ending."""
    return _RUNBOOKS.get(_describe(error)[0], RUNBOOKS[Kind.failed])


def _describe(error: BaseException | None) -> tuple[str, str]:
    """Return the name and the message of an error. A step raises permanent errors by name, inside Airflow's own."""
    if error is None:
        return "TaskKilled", "the task's process was killed, or its worker did not answer any more"
    text = str(error)
    found = _NAMED.fullmatch(text)
    if found and found[1] in _RUNBOOKS:
        return found[1], found[2]
    return type(error).__name__, text


def _next_command(failure: Failure, failed_audit: bool) -> str:
    if failure.dataset is None:
        return "correct the cause, then clear the task in Airflow's UI"
    if failed_audit:
        return "correct the cause, then clear the task in Airflow's UI, with the tasks after it"
    return f".venv/bin/tidemark plan {failure.dataset}, correct the cause, then clear the task in Airflow's UI"


def _page(failure: Failure) -> str:
    if failure.session is not None:
        return f"sessions/{failure.session}"
    return f"sessions?dataset={failure.dataset}" if failure.dataset else ""


_OF_FILES = (errors.SettingsError.__name__, errors.SpecError.__name__)


def _names(base: type[errors.TidemarkError]) -> list[str]:
    return [base.__name__, *(name for each in base.__subclasses__() for name in _names(each))]


_RUNBOOKS = {
    name: re.sub(r"(?<!^)([A-Z])", r"-\1", name).lower()
    for name in _names(errors.TidemarkError)
    if name not in ("TidemarkError", "TargetChanged")
}
"""The runbook of each error, which is named after it. A test checks that each page exists."""
