"""Catch-ups that need several sessions: while ranges are owed, the last task of a DAG starts its next run."""

from __future__ import annotations

from typing import Any

from airflow.providers.standard.operators.trigger_dagrun import TriggerDagRunOperator
from airflow.sdk import DAG, TriggerRule
from airflow.sdk.exceptions import AirflowSkipException

from tidemark.airflow import steps


class RunAgain(TriggerDagRunOperator):
    """Start the next run of the DAG; skip if none of the datasets owes ranges that it could take in."""

    def __init__(self, *, datasets: list[str], **kwargs: Any) -> None:
        super().__init__(**kwargs)
        self.datasets = datasets

    def execute(self, context: Any) -> Any:
        """Trigger the next run. Raises AirflowSkipException if nothing is owed."""
        if not steps.owes_ranges(self.datasets):
            raise AirflowSkipException("nothing is owed; no further run is needed")
        return super().execute(context)


def catch_up(dag: DAG) -> RunAgain:
    """Add a task that starts another run of the DAG while one of its datasets owes ranges. Call it last.

    Each session takes the owed ranges in time order, so the runs end by themselves. A run of a backfill starts no
    other run: the usual runs take in what a restatement leaves owed.
    """
    commits = [each for each in dag.tasks if each.outlets]
    run_again = RunAgain(
        task_id="run_again",
        task_display_name="run again while something is owed",
        datasets=sorted(asset.name for each in commits for asset in each.outlets),
        trigger_dag_id=dag.dag_id,
        trigger_rule=TriggerRule.NONE_FAILED,
    )
    commits >> run_again
    return run_again
