"""A catch-up larger than one session: the last task of a DAG starts its next run while something is owed."""

from __future__ import annotations

from airflow.providers.standard.operators.trigger_dagrun import TriggerDagRunOperator
from airflow.sdk import DAG, TaskGroup, TriggerRule, task

from tidemark.airflow import steps


def catch_up(dag: DAG) -> TaskGroup:
    """Begin another run of the DAG while one of its datasets owes ranges; placed after all that is there.

    Each session takes what it owes in time order, so the runs end by themselves. The runs of a backfill start
    none: what a restatement leaves is the usual runs' work.
    """
    datasets = sorted(asset.name for one in dag.tasks for asset in one.outlets)
    ends = [one for one in dag.tasks if not one.downstream_task_ids]
    with TaskGroup("catch_up", group_display_name="catch up", tooltip="Run again while something is owed") as group:
        owed = task.short_circuit(task_id="owed", trigger_rule=TriggerRule.NONE_FAILED)(steps.owed)(datasets)
        owed >> TriggerDagRunOperator(task_id="run_again", trigger_dag_id=dag.dag_id)
    ends >> owed
    return group
