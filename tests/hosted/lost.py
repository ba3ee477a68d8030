"""S37: a task's process, or the scheduler with all its workers, is killed while it writes; the run ends well, once.

python -m tests.hosted.lost worker | scheduler

Run by hand after `make run`: Airflow takes a minute or two before it takes a task for lost.
"""

from __future__ import annotations

import contextlib
import sys
import time
from collections.abc import Callable, Iterator, Sequence
from datetime import timedelta

import psutil

from infra.local import runs, supervision
from infra.local.api import Client
from infra.local.programs import SCHEDULER
from infra.local.services import running_client
from tidemark.catalog import Lake, open_lake, ops
from tidemark.catalog.properties import BRANCH_PREFIX
from tidemark.lineage.publish_commit import watermark_of
from tidemark.settings import Settings, load_settings

DAG, DATASET = "build_interactions", "search.impressions"
TASK = "impressions.write_audit_publish"
PATIENCE = 120.0
"""Seconds in which the task has to begin."""
INTO_THE_WRITE = 1.0
"""Seconds after its begin at which it is killed: it has read the plan and writes."""


def problems(settings: Settings, client: Client, kill: Callable[[psutil.Process], None]) -> Iterator[str]:
    """What is wrong after a day was asked for and its writer was killed, a sentence each."""
    lake = open_lake(settings)
    before = ops.rows(lake, "ops.high_watermarks", ops.of_dataset(DATASET))
    day = _a_day_that_is_built(lake)
    conf = {"from": day[0], "to": day[1], "reason": "its writer is killed"}
    run = str(client.post(f"dags/{DAG}/dagRuns", {"logical_date": None, "conf": conf})["dag_run_id"])
    _await_task(client, run)
    kill(next(psutil.Process(one.pid) for one in supervision.states(settings) if one.name == SCHEDULER))
    state = runs.watch(client, DAG, run, lambda _: None)
    step = next(step for step in state.steps if step.task == TASK)
    if state.state != "success" or step.attempt < 2:
        yield f"the run ended as {state.state}, {TASK} in attempt {step.attempt}"
    after = ops.rows(lake, "ops.high_watermarks", ops.of_dataset(DATASET))
    if len(after) != len(before) + 1:
        yield f"{len(after) - len(before)} sessions of {DATASET} were closed, not one"
    if any(name.startswith(BRANCH_PREFIX) for name in lake.table(DATASET).refs()):
        yield "a branch was left"


def _a_day_that_is_built(lake: Lake) -> tuple[str, str]:
    mark = watermark_of(lake.table(DATASET))
    assert mark is not None and mark.complete_through is not None, f"{DATASET} is built; make run first"
    end = mark.complete_through - timedelta(days=7)
    return f"{end - timedelta(days=1):%Y-%m-%d}", f"{end:%Y-%m-%d}"


def _await_task(client: Client, run: str) -> None:
    until = time.monotonic() + PATIENCE
    while client.get(f"dags/{DAG}/dagRuns/{run}/taskInstances/{TASK}")["state"] != "running":
        if time.monotonic() > until:
            raise TimeoutError(f"{TASK} of {run} did not begin in {PATIENCE:.0f} s")
        time.sleep(0.1)
    time.sleep(INTO_THE_WRITE)


def kill_worker(scheduler: psutil.Process) -> None:
    """The youngest process of the scheduler is the task's own."""
    max(scheduler.children(recursive=True), key=psutil.Process.create_time).kill()


def kill_scheduler(scheduler: psutil.Process) -> None:
    """The scheduler and all that it started."""
    for process in (scheduler, *scheduler.children(recursive=True)):
        with contextlib.suppress(psutil.NoSuchProcess):
            process.kill()


KILLS = {"worker": kill_worker, "scheduler": kill_scheduler}


def main(arguments: Sequence[str]) -> int:
    """Print what is wrong; 1 if anything is, 2 for wrong arguments or where Airflow does not run."""
    settings = load_settings()
    client = running_client(settings)
    if client is None or len(arguments) != 1 or arguments[0] not in KILLS:
        print(__doc__ if client else "Airflow does not run; make run first", file=sys.stderr)
        return 2
    found = list(problems(settings, client, KILLS[arguments[0]]))
    print("\n".join(found) or f"a lost {arguments[0]} loses and doubles nothing")
    return 1 if found else 0


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
