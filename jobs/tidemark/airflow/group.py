"""`dataset(name)`: one session of a dataset as a task group. Arrows join the groups as the data flows."""

from __future__ import annotations

from datetime import timedelta
from typing import Any

from airflow.sdk import Asset, TaskGroup, TriggerRule, task

from tidemark.airflow import steps
from tidemark.airflow.alerting.notifier import FailureAlert
from tidemark.airflow.pools import pool_of

DEFAULTS: dict[str, Any] = {
    "retries": 3,
    "retry_delay": timedelta(seconds=30),
    "retry_exponential_backoff": True,
    "max_retry_delay": timedelta(minutes=10),
    "execution_timeout": timedelta(hours=2),
    "on_failure_callback": FailureAlert(),
}
"""For `default_args`. A step that died converges when it runs again, so a retry is always safe. An alert is sent after
the last try only."""

ON_REQUEST: dict[str, Any] = {**DEFAULTS, "priority_weight": 1000, "weight_rule": "absolute"}
"""For `default_args` of DAGs that a person triggers: their tasks run before all tasks of schedules that are queued."""

INIT_TIMEOUT = timedelta(minutes=10)
"""For init and commit. They read metadata only, so a task that takes longer hangs."""


def dataset(name: str) -> TaskGroup:
    """Return the task group of a dataset. Its id is the dataset's name without the namespace.

    If init finds nothing to do, it is skipped together with the other two tasks. The groups after it still run,
    because other inputs of theirs may have changed. If a step fails, no later step runs. Between the three
    tasks, skipping never depends on an XCom, because an XCom would outlive a step that is cleared.
    """
    limits: dict[str, Any] = {"pool": pool_of(name), "execution_timeout": INIT_TIMEOUT}
    told = {"on_failure_callback": FailureAlert(name)}
    group_id, tooltip = name.rpartition(".")[2], f"One session of {name}"
    with TaskGroup(group_id, group_display_name=name, tooltip=tooltip, default_args=told) as group:
        init = task(task_id="init", trigger_rule=TriggerRule.NONE_FAILED, **limits)(steps.init)
        write = task(task_id="write_audit_publish", pool=pool_of(name))(steps.write_audit_publish)
        close = task(task_id="commit", outlets=[Asset(name, extra={"table": name})], **limits)(steps.commit)
        close(name, write(name, init(name)))
    return group
