"""Pin the inputs of a DAG at the start of a run, so that all its sessions read the same snapshots."""

from __future__ import annotations

from datetime import timedelta
from typing import Any

from airflow.sdk import DAG, task

from tidemark.airflow.task_log import say

PIN_TIMEOUT = timedelta(minutes=10)
"""For the task that pins. It reads metadata only, so a task that takes longer hangs."""


def pin_inputs(dag: DAG) -> Any:
    """Add a first task that records the snapshots of the inputs that the DAG's datasets read; return it.

    Call it after all datasets are there, and before a task that has to run earlier, such as a wait, is put in front.
    Without the task, or if its row is gone, the sessions read their inputs as they are.
    """
    datasets = sorted(asset.name for each in dag.tasks for asset in each.outlets)
    first = [each for each in dag.tasks if not each.upstream_task_ids]
    pin = task(task_id="pin", task_display_name="pin inputs", execution_timeout=PIN_TIMEOUT)(_pin)(datasets)
    pin >> first
    return pin


def _pin(datasets: list[str]) -> None:
    """Record which snapshots of the inputs all sessions of this run read."""
    from tidemark.airflow.chores import pin_inputs as record

    say(record(datasets))
