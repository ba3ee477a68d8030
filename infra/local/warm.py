"""Import once what every task needs: Airflow's workers are forked from the scheduler and share it.

A task then starts within tenths of a second, where its own imports would take seconds, most of them for
Great Expectations. Only the scheduler does this. Our own modules are left out: they load quickly, and code
that was mended is then what the next task runs. Nothing here opens a channel, a thread or a file: such
things do not live through a fork.
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
    """Import the modules; one that fails is left to the task, which says why."""
    for name in MODULES:
        try:
            importlib.import_module(name)
        except Exception as error:
            print(f"not imported early: {name}: {error}", file=sys.stderr)


if is_scheduler(sys.argv):
    warm()
