"""A catch-up larger than one session: the last task of a DAG starts its next run while something is owed."""

from __future__ import annotations

from typing import Any

from airflow.providers.standard.operators.trigger_dagrun import TriggerDagRunOperator
from airflow.sdk import DAG, TriggerRule
from airflow.sdk.exceptions import AirflowSkipException

from tidemark.airflow import steps


class RunAgain(TriggerDagRunOperator):
    """Starts the next run of its DAG, and is skipped where none of the datasets owes ranges."""

    def __init__(self, *, datasets: list[str], **kwargs: Any) -> None:
        super().__init__(**kwargs)
        self.datasets = datasets

    def execute(self, context: Any) -> Any:
        """Trigger the run, or skip."""
        if not steps.owed(self.datasets):
            raise AirflowSkipException("nothing is owed: there is no more for a next run")
        return super().execute(context)


def catch_up(dag: DAG) -> RunAgain:
    """Begin another run of the DAG while one of its datasets owes ranges; placed after all that is there.

    Each session takes what it owes in time order, so the runs end by themselves. The runs of a backfill start
    none: what a restatement leaves is the usual runs' work.
    """
    closing = [one for one in dag.tasks if one.outlets]
    again = RunAgain(
        task_id="run_again",
        task_display_name="run again while something is owed",
        datasets=sorted(asset.name for one in closing for asset in one.outlets),
        trigger_dag_id=dag.dag_id,
        trigger_rule=TriggerRule.NONE_FAILED,
    )
    closing >> again
    return again
