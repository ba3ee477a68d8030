"""S37: tasks of a run that ended well, cleared by hand one after the other: they look, say so, and double nothing."""

from __future__ import annotations

from collections.abc import Iterator, Mapping

from infra.local import runs
from infra.local.api import Client
from tests.hosted.lake import state_of
from tidemark.lake import open_lake
from tidemark.settings import Settings

DAG, GROUP = "build_interactions", "interactions"

SAYS: Mapping[str, tuple[str, str]] = {
    "write_audit_publish": ("is on main already", "success"),
    "commit": ("is closed", "success"),
    "init": ("nothing to do", "skipped"),
}
"""What the log of each task has to say when it is cleared after all is done, and how it ends."""


def problems(settings: Settings, client: Client) -> Iterator[str]:
    """What a cleared task did wrong, a sentence each."""
    run = _whole_run(client)
    if run is None:
        yield f"{DAG}: no run has published {GROUP}"
        return
    lake = open_lake(settings)
    before = state_of(lake)
    for step, (sentence, end) in SAYS.items():
        yield from _cleared(client, run, f"{GROUP}.{step}", sentence, end)
    if state_of(lake) != before:
        yield "a cleared task has left a session or a snapshot"


def _cleared(client: Client, run: str, task: str, sentence: str, end: str) -> Iterator[str]:
    body = {"dry_run": False, "dag_run_id": run, "task_ids": [task], "only_failed": False, "reset_dag_runs": True}
    client.post(f"dags/{DAG}/clearTaskInstances", body)
    state = runs.watch(client, DAG, run, lambda _: None)
    step = next(step for step in state.steps if step.task == task)
    if state.state != "success" or step.state != end:
        yield f"{task}: cleared, it ended as {step.state} and its run as {state.state}"
    elif not any(sentence in line for line in runs.log_of(client, state, step)):
        yield f"{task}: cleared, its log does not say {sentence!r}"


def _whole_run(client: Client) -> str | None:
    """The latest run in which the dataset was published."""
    for run in client.get(f"dags/{DAG}/dagRuns", order_by="-run_after", limit=20, state="success")["dag_runs"]:
        task = client.get(f"dags/{DAG}/dagRuns/{run['dag_run_id']}/taskInstances/{GROUP}.commit")
        if task["state"] == "success":
            return str(run["dag_run_id"])
    return None
