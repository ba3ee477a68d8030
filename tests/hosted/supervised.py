"""S70: services are killed during a backfill or a night, and both still succeed by themselves; ten years are refused.

    python -m tests.hosted.supervised [backfill | night] [SERVICE ...]

Run it manually after `make run`. `backfill` requests two days (49 runs) and kills each service, or the named ones,
while the runs are in progress. `night` rebuilds a day of the training data and trains a ranker, once per service, and
kills the service meanwhile. `python -m tests.hosted` requests three hours and kills one service.
"""

from __future__ import annotations

import os
import signal
import sys
import time
from collections.abc import Iterator, Sequence
from datetime import UTC, datetime, timedelta
from typing import Any

from infra.local import runs, supervision
from infra.local.api import ApiError, Client
from infra.local.deaths import deaths_since
from infra.local.programs import AIRFLOW, POSTGRES
from infra.local.runs import query_with_retries
from infra.local.services import running_client
from tests.hosted.lake import state_of
from tidemark.catalog import open_lake
from tidemark.catalog.properties import BRANCH_PREFIX
from tidemark.lineage.publish_commit import watermark_of
from tidemark.settings import Settings, load_settings

DAG, DATASET = "build_interactions", "search.interactions"
ALL = (POSTGRES, *AIRFLOW)
TWO_DAYS = 48
PATIENCE = 3600.0
"""Seconds to wait for a backfill to end."""


def problems(settings: Settings, client: Client, services: Sequence[str], hours: int) -> Iterator[str]:
    """Run a backfill, kill services meanwhile, and yield a sentence for each problem."""
    yield from _refused(settings, client)
    first = _a_day_that_is_built(settings)
    began = datetime.now(UTC)
    backfill = _ask(client, first, first + timedelta(hours=hours))
    for number, name in enumerate(services, start=1):
        _await(client, first, hours, done=number * hours // (len(services) + 1))
        _kill(settings, name)
    yield from _ended(client, backfill, first, hours)
    dead = {death.service for death in deaths_since(settings, began)}
    yield from (
        f"{name} was killed, but the supervisor's log does not show it" for name in services if name not in dead
    )
    yield from (f"{state.name} is {state.word}" for state in supervision.states(settings) if not state.runs)
    refs = open_lake(settings).table(DATASET).refs()
    yield from (f"branch {name} was left" for name in refs if name.startswith(BRANCH_PREFIX))


def night_problems(settings: Settings, client: Client, services: Sequence[str]) -> Iterator[str]:
    """Run a night per service, kill the service meanwhile, and yield a sentence for each problem."""
    day = _a_day_that_is_built(settings) - timedelta(days=7)
    conf = {"from": f"{day:%Y-%m-%d}", "to": f"{day + timedelta(days=1):%Y-%m-%d}", "reason": "a service is killed"}
    for name in services:
        for dag, asked in (("build_training_data", conf), ("train_ranker", {})):
            run = str(client.post(f"dags/{dag}/dagRuns", {"logical_date": None, "conf": asked})["dag_run_id"])
            if asked:
                _await_a_task(client, dag, run)
                _kill(settings, name)
            state = runs.watch(client, dag, run, lambda _: None)
            print(f"{dag} ended as {state.state}", flush=True)
            if state.state != "success":
                yield f"{dag}: {name} was killed, and the run ended as {state.state}"


def _await_a_task(client: Client, dag: str, run: str) -> None:
    """Wait until a session writes."""
    until = time.monotonic() + PATIENCE
    while time.monotonic() < until:
        tasks = query_with_retries(lambda: client.get(f"dags/{dag}/dagRuns/{run}/taskInstances", limit=200))[
            "task_instances"
        ]
        if any(task["state"] == "running" and task["task_id"].endswith("write_audit_publish") for task in tasks):
            return
        time.sleep(0.2)
    raise TimeoutError(f"no task of {dag} began to write in {PATIENCE:.0f} s")


def _refused(settings: Settings, client: Client) -> Iterator[str]:
    """Check that ten years, requested by mistake, are refused. The UI first requests a dry run."""
    lake = open_lake(settings)
    before = state_of(lake), _count(client)
    years = {"dag_id": DAG, "from_date": "2016-03-01T00:00:00Z", "to_date": "2026-03-01T00:00:00Z"}
    for path in ("backfills/dry_run", "backfills"):
        try:
            client.post(path, years)
            yield f"{path}: ten years were accepted"
        except ApiError as error:
            if error.status != 422 or "at most 31 days" not in str(error):
                yield f"{path}: ten years: {error}"
    if (state_of(lake), _count(client)) != before:
        yield "a refused backfill has left runs, stored a restatement or changed a snapshot"


def _count(client: Client) -> int:
    return int(client.get(f"dags/{DAG}/dagRuns", limit=1, run_type="backfill")["total_entries"])


def _a_day_that_is_built(settings: Settings) -> datetime:
    mark = watermark_of(open_lake(settings).table(DATASET))
    assert mark is not None and mark.complete_through is not None, f"{DATASET} is built; make run first"
    return (mark.complete_through - timedelta(days=9)).replace(hour=0)


def _ask(client: Client, first: datetime, last: datetime) -> int:
    body = {
        "dag_id": DAG,
        "from_date": first.isoformat(),
        "to_date": last.isoformat(),
        "dag_run_conf": {},
        "reprocess_behavior": "completed",
        "max_active_runs": 10,
    }
    began = time.monotonic()
    backfill = int(client.post("backfills", body)["id"])
    print(
        f"backfill {backfill} of {first:%Y-%m-%dT%HZ} to {last:%Y-%m-%dT%HZ}: taken in {time.monotonic() - began:.1f} s"
    )
    return backfill


def _runs(client: Client, first: datetime, hours: int) -> list[dict[str, Any]]:
    asked = {
        "logical_date_gte": first.isoformat(),
        "logical_date_lte": (first + timedelta(hours=hours)).isoformat(),
        "run_type": "backfill",
        "limit": 100,
    }
    found: list[dict[str, Any]] = query_with_retries(lambda: client.get(f"dags/{DAG}/dagRuns", **asked))["dag_runs"]
    return found


def _await(client: Client, first: datetime, hours: int, done: int) -> None:
    """Wait until `done` runs have ended while another one is in progress."""
    until = time.monotonic() + PATIENCE
    while time.monotonic() < until:
        states = [run["state"] for run in _runs(client, first, hours)]
        if states.count("success") + states.count("failed") >= done and "running" in states:
            return
        time.sleep(0.5)
    raise TimeoutError(f"{done} runs did not end within {PATIENCE:.0f} s")


def _kill(settings: Settings, name: str) -> None:
    state = next(state for state in supervision.states(settings) if state.name == name)
    print(f"kill {name}, process {state.pid}", flush=True)
    os.kill(state.pid, signal.SIGKILL)


def _ended(client: Client, backfill: int, first: datetime, hours: int) -> Iterator[str]:
    """Wait for the end of the backfill, and yield a sentence for each problem."""
    began, until = time.monotonic(), time.monotonic() + PATIENCE
    while query_with_retries(lambda: client.get(f"backfills/{backfill}"))["completed_at"] is None:
        if time.monotonic() > until:
            yield f"backfill {backfill} did not end in {PATIENCE:.0f} s"
            return
        time.sleep(1)
    made = _runs(client, first, hours)
    print(f"backfill {backfill}: {len(made)} runs, over {time.monotonic() - began:.0f} s after the last kill")
    if len(made) != hours + 1:
        yield f"{len(made)} runs for {hours + 1} hours"
    yield from (f"{run['dag_run_id']} ended as {run['state']}" for run in made if run["state"] != "success")
    health = query_with_retries(client.health)
    yield from (f"{name} is {state}" for name, state in health.items() if state != "healthy")


def main(arguments: Sequence[str]) -> int:
    """Print the problems. Return 1 if there are any, 2 for wrong arguments or if Airflow is not running."""
    settings = load_settings()
    client = running_client(settings)
    kind, *named = arguments or ["backfill"]
    if client is None or kind not in ("backfill", "night") or not set(named) <= set(ALL):
        print(__doc__ if client else "Airflow is not running; start it with make run", file=sys.stderr)
        return 2
    services = named or ALL
    if kind == "night":
        found = list(night_problems(settings, client, services))
    else:
        found = list(problems(settings, client, services, TWO_DAYS))
    print("\n".join(found) or f"a {kind} succeeded while {', '.join(services)} were killed")
    return 1 if found else 0


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
