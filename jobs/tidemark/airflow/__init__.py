"""Tidemark on Airflow: `dataset(name)` is a task group of three tasks, init -> write_audit_publish -> commit.

    group.py           the task group
    steps.py           what the tasks do
    task_log.py        what the tasks write to their logs
    catch_up.py        start the next run while ranges are owed
    repeated.py        end repeated runs of a backfill with their first task
    sensor.py          wait until a table is complete; for the DAGs of others too
    completeness_trigger.py  the waiting itself, in Airflow's triggerer
    pinning.py         pin the inputs that all sessions of a run read
    params.py          the run parameters that a person may set
    run_request.py     what a run asks for: clock, range, reason
    restate.py         the restatement that a run asks of a dataset
    approval.py        preview, approval and choice before a rebuild on request
    lineage.py         what a session read and wrote, for OpenLineage
    metrics.py         figures of sessions for StatsD or OpenTelemetry
    pools.py           one publisher per table at a time
    names.py           names of all datasets, for DAG files
    reporting.py       the task that writes the pages of the domain
    registering.py     the task that tells another system what the domain has published
    chores.py          tasks that are not sessions: maintenance, pins, releases, pages, registration
    pages/             the pages inside Airflow's UI, and who may see them
    backfill_limit.py  refuse backfills that are too long

Heavy modules are imported only when a task runs, so DAG files parse in milliseconds.
"""

from tidemark.airflow.approval import approved_rebuild
from tidemark.airflow.catch_up import catch_up
from tidemark.airflow.group import DEFAULTS, ON_REQUEST, dataset
from tidemark.airflow.names import datasets_of
from tidemark.airflow.params import LANDING_PARAMS, RANGE_PARAMS, restate_params
from tidemark.airflow.pinning import pin_inputs
from tidemark.airflow.pools import pool_of
from tidemark.airflow.registering import register
from tidemark.airflow.repeated import skip_repeated
from tidemark.airflow.reporting import report
from tidemark.airflow.sensor import complete_through
from tidemark.airflow.task_log import say

__all__ = [
    "DEFAULTS",
    "LANDING_PARAMS",
    "ON_REQUEST",
    "RANGE_PARAMS",
    "approved_rebuild",
    "catch_up",
    "complete_through",
    "dataset",
    "datasets_of",
    "pin_inputs",
    "pool_of",
    "register",
    "report",
    "restate_params",
    "say",
    "skip_repeated",
]
