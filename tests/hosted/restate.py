"""The DAG `restate` in a running Airflow: it previews, refuses, asks, and rebuilds one table."""

from __future__ import annotations

import time
from collections.abc import Iterator, Mapping
from datetime import datetime, timedelta
from typing import Any

from infra.local import runs
from infra.local.api import Client
from tests.hosted.lake import state_of
from tidemark.catalog import Lake, open_lake
from tidemark.lineage.publish_commit import watermark_of
from tidemark.settings import Settings

DAG, DATASET = "restate", "search.interactions"
PREVIEW, APPROVE, WRITE = "preview", "approve", "interactions.write_audit_publish"
READER = "query_item_counts.init"
READING = 5.0
"""Seconds that a person takes to read. Airflow fails a task that is answered before its process has ended."""
PATIENCE = 180.0
"""Seconds until a run must ask for an approval."""


def problems(settings: Settings, client: Client) -> Iterator[str]:
    """Yield a sentence for each request that did something else than its form says."""
    lake = open_lake(settings)
    before = state_of(lake)
    last = _last_day(lake)
    day = {"from": f"{last:%Y-%m-%d}", "to": f"{last + timedelta(days=1):%Y-%m-%d}"}
    yield from _refused(client, "a reversed range", {"from": day["to"], "to": day["from"]})
    yield from _refused(client, "years before the first row", {"from": "2001-01-01", "to": "2001-01-02"})
    yield from _planned(client, day)
    yield from _rejected(client, {"from": f"{last - timedelta(days=40):%Y-%m-%d}", "to": day["to"]})
    if state_of(lake) != before:
        yield "a refused, planned or rejected rebuild has stored a restatement or changed a snapshot"
    yield from _rebuilt(client, day)
    if state_of(lake)[0] != before[0] + 1:
        yield f"the rebuild of one table stored {state_of(lake)[0] - before[0]} restatements"


def _last_day(lake: Lake) -> datetime:
    """Return the start of the last day that is built whole."""
    mark = watermark_of(lake.table(DATASET))
    assert mark is not None and mark.complete_through is not None, "make run has built the table"
    return mark.complete_through.replace(hour=0, minute=0, second=0, microsecond=0) - timedelta(days=1)


def _begin(client: Client, conf: Mapping[str, Any]) -> str:
    whole = {"dataset": DATASET, "reason": "a check of the form", **conf}
    return str(client.post(f"dags/{DAG}/dagRuns", {"logical_date": None, "conf": whole})["dag_run_id"])


def _ended(client: Client, conf: Mapping[str, Any]) -> runs.RunState:
    return runs.watch(client, DAG, _begin(client, conf), lambda _: None)


def _refused(client: Client, name: str, conf: Mapping[str, Any]) -> Iterator[str]:
    state = _ended(client, conf)
    step = _step(state, PREVIEW)
    if state.state != "failed" or not any("RequestRefused" in line for line in runs.log_of(client, state, step)):
        yield f"{name}: the run ended as {state.state}, {PREVIEW} as {step.state} without RequestRefused in its log"


def _planned(client: Client, day: Mapping[str, str]) -> Iterator[str]:
    state = _ended(client, {**day, "plan_only": True})
    if state.state != "success" or _step(state, WRITE).state != "skipped":
        yield f"plan only: the run ended as {state.state}, {WRITE} as {_step(state, WRITE).state}"
    log = runs.log_of(client, state, _step(state, PREVIEW))
    if not any(line.startswith(f"{DATASET}: rebuilds 1 partition: {day['from']}") for line in log):
        yield f"plan only: no preview of {day['from']} in the log:\n" + "\n".join(log)


def _rejected(client: Client, range_: Mapping[str, str]) -> Iterator[str]:
    run = _begin(client, range_)
    until = time.monotonic() + PATIENCE
    path = f"dags/{DAG}/dagRuns/{run}/taskInstances/{APPROVE}"
    while client.get(path)["state"] not in ("awaiting_input", "deferred"):
        if time.monotonic() > until:
            yield f"a rebuild of 41 days did not ask for an approval in {PATIENCE:.0f} s"
            return
        time.sleep(0.5)
    asked = client.get(f"{path}/-1/hitlDetails")
    if DATASET not in asked["subject"] or "rebuilds 41 partitions" not in asked["body"]:
        yield f"the approval does not show the preview: {asked['subject']} {asked['body']}"
    time.sleep(READING)
    client.patch(f"{path}/-1/hitlDetails", {"chosen_options": ["Reject"], "params_input": {}})
    state = runs.watch(client, DAG, run, lambda _: None)
    if state.state != "success" or _step(state, WRITE).state != "skipped":
        yield f"rejected: the run ended as {state.state}, {WRITE} as {_step(state, WRITE).state}"


def _rebuilt(client: Client, day: Mapping[str, str]) -> Iterator[str]:
    state = _ended(client, day)
    written = {step.task for step in state.steps if step.name == "write_audit_publish" and step.state == "success"}
    log = runs.log_of(client, state, _step(state, READER))
    if not any("this run is not asked for it" in line for line in log):
        yield f"{READER} does not say that its table was not asked for"
    if state.state != "success" or written != {WRITE}:
        yield f"the rebuild ended as {state.state}; sessions were carried out by {sorted(written) or 'no task'}"


def _step(state: runs.RunState, task: str) -> runs.Step:
    return next(step for step in state.steps if step.task == task)
