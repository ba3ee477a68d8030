"""Tidemark on Airflow: `dataset(name)` is a task group of three tasks, init -> write_audit_publish -> commit.

    group.py    the task group                  params.py   what a person may give to a run
    steps.py    what the tasks do               asked.py    what a run asks for: clock, range, reason
    restate.py  from a run to a request         pools.py    one publisher a table at a time
    catch_up.py runs again while something is owed

Nothing heavy is imported before a task runs, so that DAG files parse in milliseconds.
"""

from tidemark.airflow.catch_up import catch_up
from tidemark.airflow.group import DEFAULTS, dataset
from tidemark.airflow.names import datasets_of
from tidemark.airflow.params import LANDING_PARAMS, RANGE_PARAMS
from tidemark.airflow.pools import pool_of

__all__ = ["DEFAULTS", "LANDING_PARAMS", "RANGE_PARAMS", "catch_up", "dataset", "datasets_of", "pool_of"]
