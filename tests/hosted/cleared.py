"""S37: tasks of a successful run are cleared one after the other: they find their work done and duplicate nothing."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from pathlib import Path

from infra.local import runs
from infra.local.api import Client
from tests.hosted.lake import state_of
from tidemark.catalog import open_lake
from tidemark.settings import Settings

DAG, GROUP = "build_interactions", "interactions"

SAYS: Mapping[str, tuple[str, str]] = {
    "write_audit_publish": ("is already on main", "success"),
    "commit": ("is closed", "success"),
    "init": ("nothing to do", "skipped"),
}
"""The text in each task's log, and its end state, if it is cleared after everything is done."""


def problems(settings: Settings, client: Client) -> Iterator[str]:
    """Yield a sentence for each problem of a cleared task."""
    run = _whole_run(client)
    if run is None:
        yield f"{DAG}: no run has published {GROUP}"
        return
    lake = open_lake(settings)
    before = state_of(lake)
    for step, (sentence, end) in SAYS.items():
        yield from _cleared(client, run, f"{GROUP}.{step}", sentence, end)
    if state_of(lake) != before:
        yield "a cleared task has stored a restatement or changed a snapshot"
    yield from _failed(settings.home / "search.yaml", client, run)


def _failed(own: Path, client: Client, run: str) -> Iterator[str]:
    """Check that a cleared step that fails makes its run fail, and succeeds once the setting is corrected."""
    before = own.read_text(encoding="utf-8") if own.exists() else ""
    own.write_text(f"{before}\nlabel_horizon: 14 bananas\n", encoding="utf-8")
    try:
        broken = _clear(client, run, f"{GROUP}.init", include_downstream=True)
    finally:
        own.write_text(before, encoding="utf-8")
    if broken.state != "failed":
        yield f"{GROUP}.init: cleared under a wrong setting, its run ended as {broken.state}"
    mended = _clear(client, run, f"{GROUP}.init", include_downstream=True)
    if mended.state != "success":
        yield f"{GROUP}.init: cleared again under the right setting, its run ended as {mended.state}"


def _clear(client: Client, run: str, task: str, include_downstream: bool = False) -> runs.RunState:
    """Clear a task, with the tasks after it if requested, and return the run once it has ended."""
    body = {"dry_run": False, "dag_run_id": run, "task_ids": [task], "only_failed": False, "reset_dag_runs": True}
    client.post(f"dags/{DAG}/clearTaskInstances", {**body, "include_downstream": include_downstream})
    return runs.watch(client, DAG, run, lambda _: None)


def _cleared(client: Client, run: str, task: str, sentence: str, end: str) -> Iterator[str]:
    state = _clear(client, run, task)
    step = next(step for step in state.steps if step.task == task)
    if state.state != "success" or step.state != end:
        yield f"{task}: cleared, it ended as {step.state} and its run as {state.state}"
    elif not any(sentence in line for line in runs.log_of(client, state, step)):
        yield f"{task}: cleared, its log does not say {sentence!r}"


def _whole_run(client: Client) -> str | None:
    """Return the latest run that published the dataset."""
    for run in client.get(f"dags/{DAG}/dagRuns", order_by="-run_after", limit=20, state="success")["dag_runs"]:
        task = client.get(f"dags/{DAG}/dagRuns/{run['dag_run_id']}/taskInstances/{GROUP}.commit")
        if task["state"] == "success":
            return str(run["dag_run_id"])
    return None
