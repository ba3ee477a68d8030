"""Import in the scheduler the modules that every task needs. Airflow forks its workers from it, so they share them.

A task then starts within tenths of a second. Its own imports would take seconds, most of them for Great Expectations.
Only the scheduler does this. Our own modules are not imported early: they load quickly, and so the next task always
runs their current code. None of these imports opens a channel, a thread or a file, which would not survive a fork.
"""

from __future__ import annotations

import importlib
import sys

MODULES = (
    "airflow.sdk.execution_time.supervisor",
    "airflow.sdk.execution_time.task_runner",
    "airflow.sdk.io.path",
    "airflow.dag_processing.dagbag",
    "airflow.dag_processing.bundles.local",
    "airflow.providers.standard.operators.trigger_dagrun",
    "pyiceberg.catalog.sql",
    "pyiceberg.table",
    "pyspark.sql.connect.session",
    "pyspark.sql.connect.functions",
    "great_expectations",
    "pandas",
)


def is_scheduler(arguments: list[str]) -> bool:
    """Whether this process is `airflow scheduler`, on a platform whose workers are forked."""
    return sys.platform.startswith("linux") and arguments[1:2] == ["scheduler"]


def warm() -> None:
    """Import the modules. If an import fails, print the reason; the task that needs the module will fail with it."""
    for name in MODULES:
        try:
            importlib.import_module(name)
        except Exception as error:
            print(f"not imported early: {name}: {error}", file=sys.stderr)


if is_scheduler(sys.argv):
    warm()
