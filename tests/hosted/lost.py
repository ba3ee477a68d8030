"""S37: a task's process, or the scheduler with its workers, is killed while it writes; the run still succeeds, once.

python -m tests.hosted.lost worker | scheduler

Run it manually after `make run`. It takes some minutes, because Airflow needs one or two to notice a lost task.
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
"""Seconds to wait for the task to begin."""
INTO_THE_WRITE = 1.0
"""Seconds from the task's begin to the kill. By then it has read the plan and is writing."""


def problems(settings: Settings, client: Client, kill: Callable[[psutil.Process], None]) -> Iterator[str]:
    """Restate a day, kill its writer, and yield a sentence for each problem."""
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
        yield f"{len(after) - len(before)} sessions of {DATASET} were closed instead of one"
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
    """Kill the youngest process of the scheduler, which is the task's own."""
    max(scheduler.children(recursive=True), key=psutil.Process.create_time).kill()


def kill_scheduler(scheduler: psutil.Process) -> None:
    """Kill the scheduler and all its descendants."""
    for process in (scheduler, *scheduler.children(recursive=True)):
        with contextlib.suppress(psutil.NoSuchProcess):
            process.kill()


KILLS = {"worker": kill_worker, "scheduler": kill_scheduler}


def main(arguments: Sequence[str]) -> int:
    """Print the problems. Return 1 if there are any, 2 for wrong arguments or if Airflow is not running."""
    settings = load_settings()
    client = running_client(settings)
    if client is None or len(arguments) != 1 or arguments[0] not in KILLS:
        print(__doc__ if client else "Airflow is not running; start it with make run", file=sys.stderr)
        return 2
    found = list(problems(settings, client, KILLS[arguments[0]]))
    print("\n".join(found) or f"a lost {arguments[0]} loses and duplicates nothing")
    return 1 if found else 0


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
