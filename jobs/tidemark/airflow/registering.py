"""Tell another system, at the end of a run, what the domain has published."""

from __future__ import annotations

from datetime import timedelta
from typing import Any

from airflow.sdk import TriggerRule, task

from tidemark.airflow.task_log import say

TIMEOUT = timedelta(minutes=15)
"""For a task that takes a few seconds, and about two minutes if the other system does not answer."""


def register(function: str) -> Any:
    """Return a task that calls a function of the domain and says what that returns.

    `function` is given as `package.module:function`. It gets the context of the run and returns text.
    """
    options: dict[str, Any] = {"trigger_rule": TriggerRule.NONE_FAILED, "execution_timeout": TIMEOUT}
    return task(task_id="register", **options)(_register)(function)


def _register(function: str) -> None:
    from tidemark.airflow.chores import call

    say(call(function))
