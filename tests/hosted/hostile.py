"""S50, S51: hostile run parameters through the REST API of a running Airflow."""

from __future__ import annotations

from collections.abc import Iterator, Mapping

from infra.local import runs
from infra.local.api import ApiError, Client
from tests.hosted.lake import state_of
from tidemark.catalog import open_lake
from tidemark.settings import Settings

DAG = "build_interactions"

REFUSED_BY_THE_FORM: Mapping[str, Mapping[str, object]] = {
    "a megabyte": {"from": "2026-04-01", "to": "2026-04-02", "reason": "x" * 1_000_000},
    "a list for an instant": {"from": ["2026-04-01"], "to": "2026-04-02"},
    "a NUL in the reason": {"from": "2026-04-01", "to": "2026-04-02", "reason": "one\x00two"},
}

REFUSED_BY_THE_LOOP: Mapping[str, Mapping[str, str]] = {
    "SQL": {"from": "2026-04-01'; DROP TABLE x; --", "to": "2026-04-02"},
    "a template and a shell": {"from": "{{ dag }}", "to": "$(touch x)"},
    "from after to": {"from": "2026-04-02", "to": "2026-04-01"},
    "year 9999": {"from": "2026-04-01", "to": "9999-12-31"},
    "other names": {"From": "2026-04-01", "To": "2026-04-02"},
    "a newline in the reason": {"from": "2026-04-01", "to": "2026-04-02", "reason": "one\ntwo"},
}


def problems(settings: Settings, client: Client) -> Iterator[str]:
    """Yield a sentence for each request that was not refused or left a trace."""
    lake = open_lake(settings)
    before = state_of(lake)
    for name, conf in REFUSED_BY_THE_FORM.items():
        try:
            client.post(f"dags/{DAG}/dagRuns", {"logical_date": None, "conf": conf})
            yield f"{name}: Airflow created a run"
        except ApiError as error:
            if error.status not in (400, 422):
                yield f"{name}: {error}"
    for name, conf in REFUSED_BY_THE_LOOP.items():
        yield from _refused_run(client, name, conf)
    if state_of(lake) != before:
        yield "a refused run has stored a restatement or changed a snapshot"


def _refused_run(client: Client, name: str, conf: Mapping[str, str]) -> Iterator[str]:
    begun = client.post(f"dags/{DAG}/dagRuns", {"logical_date": None, "conf": conf})
    state = runs.watch(client, DAG, str(begun["dag_run_id"]), lambda _: None)
    if state.state != "failed":
        yield f"{name}: the run ended as {state.state}"
    failed = [step for step in state.steps if step.state == "failed"]
    for step in failed:
        if not any("RequestRefused" in line for line in runs.log_of(client, state, step)):
            yield f"{name}: {step.task} failed without RequestRefused in its log"
        if step.attempt > 1:
            yield f"{name}: {step.task} was tried {step.attempt} times"
    if any(step.name == "write_audit_publish" and step.state == "success" for step in state.steps):
        yield f"{name}: a session was written"
