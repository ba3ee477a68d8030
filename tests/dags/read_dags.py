"""Load the DAG folder as Airflow does, in a separate process, and print its DAGs and errors as JSON.

python read_dags.py FOLDER
"""

from __future__ import annotations

import json
import logging
import sys
from datetime import timedelta
from typing import Any

HEAVY = (
    "pyspark",
    "pyiceberg",
    "great_expectations",
    "lightgbm",
    "pandas",
    "pyarrow",
    "numpy",
    "sklearn",
    "jsonschema",
)


def read(folder: str) -> dict[str, Any]:
    """Return the DAGs with their tasks, the import errors, and the heavy modules that parsing has imported."""
    from airflow.dag_processing.dagbag import DagBag

    before = set(sys.modules)
    bag = DagBag(folder)
    after = set(sys.modules) - before
    return {
        "errors": bag.import_errors,
        "imported": sorted(after.intersection(HEAVY)),
        "providers": sorted(name for name in sys.modules if name.startswith("airflow.providers.")),
        "dags": {name: _dag(dag) for name, dag in bag.dags.items()},
    }


def _dag(dag: Any) -> dict[str, Any]:
    return {
        "doc": dag.doc_md,
        "timetable": type(dag.timetable).__name__,
        "cron": getattr(dag.timetable, "_expression", None) or getattr(dag.timetable, "expression", None),
        "catchup": dag.catchup,
        "max_active_runs": dag.max_active_runs,
        "tags": sorted(dag.tags),
        "run_types": sorted(kind.value for kind in dag.allowed_run_types or ()),
        "params": sorted(dag.params),
        "choices": {name: param.schema["enum"] for name, param in _form(dag) if "enum" in param.schema},
        "tasks": {task.task_id: _task(task) for task in dag.tasks},
    }


def _task(task: Any) -> dict[str, Any]:
    return {
        "upstream": sorted(task.upstream_task_ids),
        "trigger_rule": str(task.trigger_rule.value),
        "pool": task.pool,
        "priority": task.priority_weight,
        "weight_rule": str(task.weight_rule),
        "retries": task.retries,
        "backoff": bool(task.retry_exponential_backoff),
        "timeout": _seconds(task.execution_timeout),
        "answered_within": _seconds(getattr(task, "response_timeout", None)),
        "outlets": [outlet.name for outlet in task.outlets],
        "group": task.task_group.label if task.task_group is not None else None,
        "awaited": getattr(task, "dataset", None),
        "deadline": task.deadline.total_seconds() if hasattr(task, "deadline") else None,
        "metadata": [outlet.extra for outlet in task.outlets],
        "triggers": getattr(task, "trigger_dag_id", None),
        "told": [[type(each).__name__, each.dataset] for each in task.on_failure_callback],
    }


def _form(dag: Any) -> list[tuple[str, Any]]:
    return [(name, dag.params.get_param(name)) for name in dag.params]


def _seconds(time: timedelta | None) -> float | None:
    return time.total_seconds() if time else None


if __name__ == "__main__":
    logging.disable(logging.INFO)
    print(json.dumps(read(sys.argv[1])))
