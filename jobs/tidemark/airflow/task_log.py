"""What tasks write to their logs: one fact a line, short enough for the log viewer and, of a failure, the remedy first.

Printed lines would reach Airflow late and appear after the task's end, so every line goes through a logger.
"""

from __future__ import annotations

import logging
import re

from airflow.sdk import get_current_context
from airflow.sdk.exceptions import AirflowFailException

from tidemark.errors import TidemarkError
from tidemark.support.text import break_line

_LOGGER = logging.getLogger(__name__)

_NEXT = "next: "
_VERBS = (
    "if otherwise instead add ask cast check choose correct create define fetch find free give leave look make move "
    "name put rebuild remove rename repair replace request restore roll run see set start stop swap take trigger use "
    "wait write"
)
_REMEDY = re.compile(rf"(?<=[.;]) (?=(?:{'|'.join(_VERBS.split())})\b)", re.IGNORECASE)
"""Where the remedy begins in a message of ours, which says where, what, and what to do next: at a verb."""

_READ = "read the error below, then follow the runbook"
"""What to do about an error that is none of ours."""


class StepFailed(AirflowFailException):
    """A step failed with an error that would occur again at every retry. `error` is that error.

    The message is only its first line, because the log viewer shows it far to the right; all of it is in the log above.
    """

    def __init__(self, error: TidemarkError) -> None:
        super().__init__(f"{type(error).__name__}: {str(error).partition(chr(10))[0]}")
        self.error = error


def say(text: str) -> None:
    """Write the lines of a text to the task's log; a line that somebody should look at is a warning."""
    from tidemark.session import WARNING

    for line in text.splitlines():
        _write(logging.WARNING if line.startswith(WARNING) else logging.INFO, line)


def say_failure(error: Exception, permanent: bool) -> None:
    """Write to the log what to do about an error, and then what happened. If Airflow tries again, say that first."""
    again = None if permanent else _next_try()
    for line in failure_lines(error, again):
        _write(logging.ERROR, line)


def failure_lines(error: Exception, again: str | None = None) -> list[str]:
    """Return the remedy, the error and its runbook, one fact a line. `again` says that the task is tried again."""
    from tidemark.operate.alerts.failures import runbook_of

    facts, remedy = split_remedy(str(error)) if isinstance(error, TidemarkError) else ([], _READ)
    lines = [f"{_NEXT}nothing now, {again}"] if again else []
    if remedy:
        lines.append(f"if it fails again: {remedy}" if again else f"{_NEXT}{remedy}")
    if facts:
        lines += [f"{type(error).__name__}: {facts[0]}", *facts[1:]]
    runbook = f"docs/runbooks/{runbook_of(error)}.md"
    return lines if any(runbook in line for line in lines) else [*lines, f"runbook: {runbook}"]


def split_remedy(message: str) -> tuple[list[str], str]:
    """Split a message into the lines that say what happened, and what to do next; the latter may be empty.

    The remedy is the line that begins with `next: `, or else begins at the first clause after the first that begins
    with a verb of what people do.
    """
    lines = [line.strip() for line in message.splitlines() if line.strip()]
    marked = [line for line in lines if line.startswith(_NEXT)]
    if marked:
        return [line for line in lines if line not in marked], marked[0].removeprefix(_NEXT)
    found = _REMEDY.search(lines[-1]) if lines else None
    if found is None:
        return lines, ""
    return [*lines[:-1], lines[-1][: found.start()].rstrip(" ;.")], lines[-1][found.end() :]


def _next_try() -> str | None:
    """Return a sentence if Airflow tries the task again; None if it does not, or outside a task."""
    try:
        task = get_current_context()["ti"]
    except RuntimeError:
        return None
    tries = task.max_tries + 1
    if task.try_number >= tries:
        return None
    return f"the task is tried again by itself (this was try {task.try_number} of {tries})"


def _write(level: int, line: str) -> None:
    for part in break_line(line):
        _LOGGER.log(level, "%s", part)
