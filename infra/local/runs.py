"""Start a DAG run through the scheduler, watch it, and read its result."""

from __future__ import annotations

import time
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from datetime import UTC, datetime
from typing import Any, TypeVar

from infra.local.api import ApiError, Client
from infra.local.errors import HostError

CHAIN = ("land_search_logs", "build_interactions", "build_training_data", "train_ranker")
"""The DAGs that `make run` drives, in the order of the flow."""
HOUSEKEEPING = ("maintain_tables", "watch_tables")
ON_REQUEST = ("restate", "steer_ranker")
"""DAGs without a schedule. Only a run of an unpaused DAG begins."""
ENDED = ("success", "failed")
PARSE_TIMEOUT = 120.0
"""Seconds to wait until the DAG processor has read all DAGs. It takes about 5."""
OUTAGE = 180.0
"""Seconds for which Airflow may fail to answer while a run is watched, because a service is being restarted."""
_POLL = 0.5
_SOURCES = "::group::Log message source details"
"""Begins the lines in which Airflow says where it found a log."""


Answer = TypeVar("Answer")


@dataclass(frozen=True)
class Step:
    """One task of a run: its group (empty for a task that stands alone), name, state and seconds so far."""

    group: str
    task: str
    name: str
    state: str
    seconds: float
    attempt: int


@dataclass(frozen=True)
class RunState:
    """The state of a run and its tasks at one moment."""

    dag: str
    run: str
    state: str
    steps: tuple[Step, ...]


def wait_for_dags(client: Client, dags: Sequence[str]) -> None:
    """Wait until Airflow has read the DAGs. Raises HostError if a DAG file fails to import, or after a timeout."""
    until = time.monotonic() + PARSE_TIMEOUT
    while time.monotonic() < until:
        known = {dag["dag_id"] for dag in client.get("dags", limit=100)["dags"]}
        if known.issuperset(dags):
            return
        _refuse_import_errors(client)
        time.sleep(_POLL)
    raise HostError(
        f"Airflow does not list {', '.join(sorted(set(dags) - known))}; see the log of airflow-dag-processor"
    )


def unpause(client: Client, dag: str) -> None:
    """Switch on the schedule of a DAG."""
    client.patch(f"dags/{dag}", {"is_paused": False})


def begin(client: Client, dag: str, conf: dict[str, str]) -> str:
    """Unpause a DAG and return the id of the run to watch.

    If a run is in progress, it is that run. If the DAG never ran, it is the run that the schedule starts when the DAG
    is unpaused. Otherwise a new run is started with `conf`.
    """
    never_ran = not _runs(client, dag)
    unpause(client, dag)
    current = _wait_for_first(client, dag) if never_ran else current_run(client, dag)
    if current is not None:
        return current
    started: dict[str, Any] = client.post(f"dags/{dag}/dagRuns", {"logical_date": None, "conf": conf})
    return str(started["dag_run_id"])


def current_run(client: Client, dag: str) -> str | None:
    """Return the id of the DAG's latest run that has not ended; None if there is none.

    A run that waits for its inputs does not count: it may wait for hours, and another run can work beside it.
    """
    open_runs = (str(run["dag_run_id"]) for run in _runs(client, dag) if run["state"] not in ENDED)
    return next((run for run in open_runs if not _waits(client, dag, run)), None)


def started_another(state: RunState) -> bool:
    """Whether the run started another run because ranges are owed."""
    return any(step.name == "run_again" and step.state == "success" for step in state.steps)


def has_succeeded(client: Client, dag: str) -> bool:
    """Whether one of the DAG's latest 20 runs succeeded."""
    return any(run["state"] == "success" for run in _runs(client, dag))


def watch(client: Client, dag: str, run: str, show: Callable[[RunState], None]) -> RunState:
    """Show a run until it has ended, and return its last state.

    Raises ApiError if Airflow does not answer for longer than OUTAGE.
    """
    while True:
        state = query_with_retries(lambda: _read_state(client, dag, run))
        show(state)
        if state.state in ENDED:
            return state
        time.sleep(_POLL)


def query_with_retries(ask: Callable[[], Answer]) -> Answer:
    """Return Airflow's answer; retry for up to OUTAGE seconds while its services restart. Only for read requests."""
    until = time.monotonic() + OUTAGE
    while True:
        try:
            return ask()
        except ApiError as error:
            if not error.is_temporary or time.monotonic() > until:
                raise
        time.sleep(_POLL)


def log_of(client: Client, state: RunState, step: Step) -> list[str]:
    """Return the log lines of a task's latest attempt, without Airflow's own markers."""
    path = f"dags/{state.dag}/dagRuns/{state.run}/taskInstances/{step.task}/logs/{max(step.attempt, 1)}"
    lines: list[str] = []
    try:
        content = client.get(path)["content"]
    except ApiError as error:
        return [f"no log: {error}"]
    in_source_details = False
    for entry in content:
        event = str(entry.get("event", "")) if isinstance(entry, dict) else str(entry)
        if event.startswith("::"):
            in_source_details = event == _SOURCES
        elif not in_source_details:
            lines += [event, *_reason(entry), *_errors(entry)]
    return lines


def _reason(entry: Any) -> list[str]:
    """Return why a task was skipped, which Airflow logs beside the event."""
    return [str(entry["reason"])] if isinstance(entry, dict) and entry.get("reason") else []


def _errors(entry: Any) -> list[str]:
    found = entry.get("error_detail") if isinstance(entry, dict) else None
    return [f"{error.get('exc_type')}: {error.get('exc_value')}" for error in found or [] if isinstance(error, dict)]


def _read_state(client: Client, dag: str, run: str) -> RunState:
    answer = client.get(f"dags/{dag}/dagRuns/{run}")
    tasks = client.get(f"dags/{dag}/dagRuns/{run}/taskInstances", limit=200)["task_instances"]
    return RunState(dag, run, answer["state"], tuple(_step(task) for task in tasks))


def _step(task: dict[str, Any]) -> Step:
    group, _, name = task["task_id"].rpartition(".")
    seconds = task["duration"] or _seconds_between(task["start_date"], task["end_date"])
    return Step(group, task["task_id"], name, task["state"] or "waiting", seconds, task["try_number"])


def _seconds_between(start: str | None, end: str | None) -> float:
    if start is None:
        return 0.0
    until = datetime.fromisoformat(end) if end else datetime.now(UTC)
    return max(0.0, (until - datetime.fromisoformat(start)).total_seconds())


def _runs(client: Client, dag: str) -> list[dict[str, Any]]:
    path = f"dags/{dag}/dagRuns"
    runs: list[dict[str, Any]] = query_with_retries(lambda: client.get(path, order_by="-run_after", limit=20))[
        "dag_runs"
    ]
    return runs


def _waits(client: Client, dag: str, run: str) -> bool:
    """Whether a task of the run waits in the triggerer and none is at work."""
    path = f"dags/{dag}/dagRuns/{run}/taskInstances"
    tasks = query_with_retries(lambda: client.get(path, limit=200))["task_instances"]
    states = {task["state"] for task in tasks}
    return "deferred" in states and not states & {"running", "queued", "scheduled"}


def _wait_for_first(client: Client, dag: str) -> str | None:
    """Wait 30 s for the run that the schedule of an unpaused DAG starts; None if its first interval has not ended."""
    until = time.monotonic() + 30
    while time.monotonic() < until:
        runs = _runs(client, dag)
        if runs:
            return str(runs[0]["dag_run_id"])
        time.sleep(_POLL)
    return None


def _refuse_import_errors(client: Client) -> None:
    try:
        errors = client.get("importErrors")["import_errors"]
    except ApiError:
        return
    if errors:
        first = errors[0]
        trace = "\n".join(str(first["stack_trace"]).splitlines()[-5:])
        raise HostError(
            f"{first['filename']} fails to import:\n{trace}\nnext: correct the file, then run make run again"
        )
