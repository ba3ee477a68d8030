"""One DAG run through the scheduler: begin it, watch it, say how it went."""

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
HOUSEKEEPING = ("maintain_tables",)
ENDED = ("success", "failed")
PARSE_TIMEOUT = 120.0
"""Seconds in which the DAG processor has to know all DAGs; it takes about 5."""
OUTAGE = 180.0
"""Seconds for which Airflow may not answer while a run is watched: its services are started again when they die."""
_POLL = 0.5
_SOURCES = "::group::Log message source details"
"""Opens Airflow's own lines about where it found a log."""


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
    """A run as Airflow tells it now."""

    dag: str
    run: str
    state: str
    steps: tuple[Step, ...]


def wait_for_dags(client: Client, dags: Sequence[str]) -> None:
    """Wait until Airflow has read the DAGs. Raises HostError with the import error, if there is one."""
    until = time.monotonic() + PARSE_TIMEOUT
    while time.monotonic() < until:
        known = {dag["dag_id"] for dag in client.get("dags", limit=100)["dags"]}
        if known.issuperset(dags):
            return
        _refuse_import_errors(client)
        time.sleep(_POLL)
    raise HostError(f"Airflow does not list {', '.join(sorted(set(dags) - known))}; see its dag-processor's log")


def unpause(client: Client, dag: str) -> None:
    """Let the schedule of a DAG run."""
    client.patch(f"dags/{dag}", {"is_paused": False})


def begin(client: Client, dag: str, conf: dict[str, str]) -> str:
    """Begin a run of a DAG and give its id.

    A DAG that never ran is unpaused and starts a run by itself: that run is the run, unless `conf` has
    something to say. A run that goes on already is the run, too.
    """
    never = not _runs(client, dag)
    unpause(client, dag)
    going = _wait_for_first(client, dag) if never else _going(client, dag)
    if going is not None:
        return going
    started: dict[str, Any] = client.post(f"dags/{dag}/dagRuns", {"logical_date": None, "conf": conf})
    return str(started["dag_run_id"])


def going(client: Client, dag: str) -> str | None:
    """The run of a DAG that goes on now, if any."""
    return _going(client, dag)


def started_another(state: RunState) -> bool:
    """Whether the run started the next one, to go on with what is owed."""
    return any(step.name == "run_again" and step.state == "success" for step in state.steps)


def has_run(client: Client, dag: str) -> bool:
    """Whether a DAG has had a run that ended well."""
    return any(run["state"] == "success" for run in _runs(client, dag))


def watch(client: Client, dag: str, run: str, show: Callable[[RunState], None]) -> RunState:
    """Show a run until it has ended. Raises ApiError where Airflow does not answer for longer than OUTAGE."""
    while True:
        state = patiently(lambda: _look(client, dag, run))
        show(state)
        if state.state in ENDED:
            return state
        time.sleep(_POLL)


def patiently(ask: Callable[[], Answer]) -> Answer:
    """What Airflow answers, asked again while its services are started anew. For questions, which change nothing."""
    until = time.monotonic() + OUTAGE
    while True:
        try:
            return ask()
        except ApiError as error:
            if not error.passes or time.monotonic() > until:
                raise
        time.sleep(_POLL)


def log_of(client: Client, state: RunState, step: Step) -> list[str]:
    """What a task said in its latest attempt, without Airflow's own marks."""
    path = f"dags/{state.dag}/dagRuns/{state.run}/taskInstances/{step.task}/logs/{max(step.attempt, 1)}"
    lines: list[str] = []
    try:
        content = client.get(path)["content"]
    except ApiError as error:
        return [f"no log: {error}"]
    about_the_log = False
    for entry in content:
        event = str(entry.get("event", "")) if isinstance(entry, dict) else str(entry)
        if event.startswith("::"):
            about_the_log = event == _SOURCES
        elif not about_the_log:
            lines += [event, *_errors(entry)]
    return lines


def _errors(entry: Any) -> list[str]:
    found = entry.get("error_detail") if isinstance(entry, dict) else None
    return [f"{error.get('exc_type')}: {error.get('exc_value')}" for error in found or [] if isinstance(error, dict)]


def _look(client: Client, dag: str, run: str) -> RunState:
    told = client.get(f"dags/{dag}/dagRuns/{run}")
    tasks = client.get(f"dags/{dag}/dagRuns/{run}/taskInstances", limit=200)["task_instances"]
    return RunState(dag, run, told["state"], tuple(_step(task) for task in tasks))


def _step(task: dict[str, Any]) -> Step:
    group, _, name = task["task_id"].rpartition(".")
    seconds = task["duration"] or _since(task["start_date"], task["end_date"])
    return Step(group, task["task_id"], name, task["state"] or "waiting", seconds, task["try_number"])


def _since(start: str | None, end: str | None) -> float:
    if start is None:
        return 0.0
    until = datetime.fromisoformat(end) if end else datetime.now(UTC)
    return max(0.0, (until - datetime.fromisoformat(start)).total_seconds())


def _runs(client: Client, dag: str) -> list[dict[str, Any]]:
    path = f"dags/{dag}/dagRuns"
    runs: list[dict[str, Any]] = patiently(lambda: client.get(path, order_by="-run_after", limit=20))["dag_runs"]
    return runs


def _going(client: Client, dag: str) -> str | None:
    return next((str(run["dag_run_id"]) for run in _runs(client, dag) if run["state"] not in ENDED), None)


def _wait_for_first(client: Client, dag: str) -> str | None:
    """The run that an unpaused DAG starts by itself; None where its first interval is still to end."""
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
        raise HostError(f"{first['filename']} does not load:\n{trace}\nnext: mend it; Airflow reads it again by itself")
