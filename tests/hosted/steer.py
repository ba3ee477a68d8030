"""S71: the DAG `steer_ranker` in a running Airflow: it decides and says who is served, or refuses."""

from __future__ import annotations

from collections.abc import Iterator

from infra.local import runs
from infra.local.api import Client
from infra.local.secret import USER
from steering.registry import read_registry
from tidemark.catalog import open_lake
from tidemark.settings import Settings

DAG = "steer_ranker"
REASON = "a check of the form"


def problems(settings: Settings, client: Client) -> Iterator[str]:
    """Yield a sentence for each problem. A small home has no champion; then every decision is refused."""
    registry = read_registry(open_lake(settings))
    if registry.standing.champion is None:
        yield from _refused(client, "freeze", "freeze: there is no champion yet")
    elif registry.standing.held is None:
        yield from _decided(client, "freeze", f"frozen by {USER}")
        yield from _refused(client, "freeze", "stays the champion already")
        yield from _decided(client, "unfreeze", "the gate: decides")
    decided = read_registry(open_lake(settings)).decisions[len(registry.decisions) :]
    yield from (f"{each.action} by {each.decided_by}" for each in decided if each.decided_by != USER)


def _decided(client: Client, action: str, says: str) -> Iterator[str]:
    state = _ended(client, action)
    if state.state != "success":
        yield f"{DAG}: {action} ended as {state.state}"
    if not any(says in line for line in _log(client, state, "served")):
        yield f"{DAG}: after {action}, the log of served does not say {says!r}"


def _refused(client: Client, action: str, says: str) -> Iterator[str]:
    state = _ended(client, action)
    if state.state != "failed":
        yield f"{DAG}: {action} ended as {state.state} instead of being refused"
    if not any("RequestRefused" in line and says in line for line in _log(client, state, "record")):
        yield f"{DAG}: the log of record does not say {says!r}"
    written = [step.task for step in state.steps if step.name == "write_audit_publish" and step.state == "success"]
    if written:
        yield f"{DAG}: a refused {action} has run {', '.join(written)}"


def _ended(client: Client, action: str) -> runs.RunState:
    asked = {"logical_date": None, "conf": {"action": action, "reason": REASON}}
    run = str(client.post(f"dags/{DAG}/dagRuns", asked)["dag_run_id"])
    return runs.watch(client, DAG, run, lambda _: None)


def _log(client: Client, state: runs.RunState, task: str) -> list[str]:
    return list(runs.log_of(client, state, next(step for step in state.steps if step.task == task)))
