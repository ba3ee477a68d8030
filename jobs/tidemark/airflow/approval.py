"""The first tasks of a DAG that rebuilds a range on request: preview, approval if it is large, choice of tables."""

from __future__ import annotations

from datetime import timedelta
from typing import Any

from airflow.providers.standard.operators.hitl import ApprovalOperator
from airflow.sdk import TaskGroup, TriggerRule, task

from tidemark.airflow import steps

PREVIEW = "preview"
ANSWER_WITHIN = timedelta(days=1)
"""A rebuild that nobody approves in this time fails, so that the next one can run."""


class ApproveLarge(ApprovalOperator):
    """Wait in the UI for an approval if the preview says that the rebuild is large; otherwise go on at once.

    If a person rejects the rebuild, all tasks after this one are skipped. It is not retried: it would ask again.
    """

    def execute(self, context: Any) -> Any:
        """Ask for the approval, or return without asking."""
        previewed = context["ti"].xcom_pull(task_ids=PREVIEW)
        return super().execute(context) if previewed["ask"] else None


def approved_rebuild(groups: dict[str, TaskGroup]) -> None:
    """Put preview, approval and choice before the task groups of the datasets that a run may ask for."""
    preview = task(task_id=PREVIEW)(steps.preview)(list(groups))
    approve = ApproveLarge(
        task_id="approve",
        task_display_name="approve a large rebuild",
        subject="Rebuild {{ params.dataset }} from {{ params.from }} to {{ params.to }}?",
        body="{{ ti.xcom_pull(task_ids='preview')['text'] }}",
        ignore_downstream_trigger_rules=True,
        retries=0,
        execution_timeout=None,  # Airflow would take it for the time to answer, and warn
        response_timeout=ANSWER_WITHIN,
    )

    @task.branch(trigger_rule=TriggerRule.ALL_SUCCESS)
    def choose(previewed: dict[str, Any], ti: Any = None) -> list[str]:
        """Return the first tasks of the tables whose sessions run; the tasks of the other tables are skipped."""
        ti.xcom_push(key="datasets", value=previewed["datasets"])
        return [f"{name.rpartition('.')[2]}.init" for name in previewed["datasets"]]

    chosen = choose(preview)
    preview >> approve >> chosen >> list(groups.values())
