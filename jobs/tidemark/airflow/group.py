"""`dataset(name)`: one pass of a dataset as a task group. Groups are joined by arrows, as the data flows."""

from __future__ import annotations

from datetime import timedelta
from typing import Any

from airflow.sdk import Asset, TaskGroup, TriggerRule, task

from tidemark.airflow import steps
from tidemark.airflow.pools import pool_of

DEFAULTS: dict[str, Any] = {
    "retries": 3,
    "retry_delay": timedelta(seconds=30),
    "retry_exponential_backoff": True,
    "max_retry_delay": timedelta(minutes=10),
    "execution_timeout": timedelta(hours=2),
}
"""For `default_args`. A step that dies converges when it is run again, so trying again is always safe."""

INIT_TIMEOUT = timedelta(minutes=10)
"""init and commit read metadata only: whoever takes longer hangs."""


def dataset(name: str) -> TaskGroup:
    """The group of a dataset, called by the name without its namespace.

    Where init finds nothing to do it is skipped, and the other two with it; the groups after it go on: what is new
    for them may come from elsewhere. Where a step fails, nothing after it runs. No step decides by an XCom what is
    skipped: that would outlive the step when it is cleared.
    """
    limits: dict[str, Any] = {"pool": pool_of(name), "execution_timeout": INIT_TIMEOUT}
    with TaskGroup(name.rpartition(".")[2], group_display_name=name, tooltip=f"One session of {name}") as group:
        init = task(task_id="init", trigger_rule=TriggerRule.NONE_FAILED, **limits)(steps.init)
        write = task(task_id="write_audit_publish", pool=pool_of(name))(steps.write_audit_publish)
        close = task(task_id="commit", outlets=[Asset(name)], **limits)(steps.commit)
        close(name, write(name, init(name)))
    return group
