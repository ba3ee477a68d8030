"""Run DAGs whose tasks fail through Airflow's own task runner, and print how each task ended, as JSON.

python -m tests.alerts.dags.failing
"""

from __future__ import annotations

import json
from datetime import timedelta

from airflow.sdk import DAG, task

from tidemark.airflow import DEFAULTS, dataset
from tidemark.airflow.alerting.notifier import FailureAlert
from tidemark.airflow.steps import run_step
from tidemark.errors import AuditFailed

QUICK = DEFAULTS | {"retries": 1, "retry_delay": timedelta(0), "retry_exponential_backoff": False}


def fail() -> None:
    """Fail as a step does whose rows did not pass."""
    raise AuditFailed("search.interactions, session rebuilt-1: 1 check failed <b>37 rows</b>\nnext: mend it")


with DAG("failing", schedule=None, default_args=QUICK) as dag:

    @task(on_failure_callback=FailureAlert("search.interactions"))
    def audit() -> None:
        """Fail for good at the first try."""
        run_step(fail)

    @task
    def disk() -> None:
        """Fail at each try."""
        raise OSError("No space left on device")

    audit()
    disk()
    dataset("search.nowhere")


if __name__ == "__main__":
    run = dag.test()
    print(json.dumps({each.task_id: str(each.state) for each in run.get_task_instances()}))
