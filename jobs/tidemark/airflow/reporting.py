"""Write the pages of the domain at the end of a run."""

from __future__ import annotations

from typing import Any

from airflow.sdk import TriggerRule, task

from tidemark.airflow.task_log import say


def report(renderer: str) -> Any:
    """Return a task that writes the pages that the domain renders and says where they are.

    `renderer` names the function that renders them, as `package.module:function` (`tidemark.operate.pages.Renderer`).
    """
    return task(task_id="report", trigger_rule=TriggerRule.NONE_FAILED)(_report)(renderer)


def _report(renderer: str) -> None:
    from tidemark.airflow.chores import write_pages

    say(write_pages(renderer))
