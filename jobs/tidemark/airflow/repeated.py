"""Runs of a backfill that have nothing left to do end with their first task, and start no other."""

from __future__ import annotations

from airflow.providers.standard.operators.python import ShortCircuitOperator
from airflow.sdk import DAG

from tidemark.airflow import steps


def skip_repeated(dag: DAG) -> ShortCircuitOperator:
    """Add a first task that skips all others if earlier runs of a backfill have done this run's work. Call it last.

    A backfill of an hourly DAG has a run for every hour, and the first run of a day rebuilds the whole day. Runs of
    other kinds always go on.
    """
    roots = [each for each in dag.tasks if not each.upstream_task_ids]
    datasets = sorted(asset.name for each in dag.tasks for asset in each.outlets)
    first = ShortCircuitOperator(
        task_id="something_to_do",
        task_display_name="is there something to do?",
        python_callable=steps.has_work,
        op_args=[datasets],
    )
    first >> roots
    return first
