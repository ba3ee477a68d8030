"""Tell that a wait for inputs reached its deadline. Import this module only inside a task."""

from __future__ import annotations

import logging
from typing import Any

from tidemark.airflow.alerting.channels import send
from tidemark.operate.alerts.alert import Alert, Kind
from tidemark.settings import load_alert_settings

_LOGGER = logging.getLogger(__name__)


def tell_went_on(context: Any, message: str) -> None:
    """Tell that a run went on at its deadline. An error of the alert itself is logged, and never fails the task.

    `context` is Airflow's context of the wait. `message` says which table is complete through when, and what was
    wanted.
    """
    task = context["ti"]
    place = f"{task.dag_id}, run {task.run_id}, task {task.task_id}"
    try:
        send(Alert(Kind.went_on, place, message, ".venv/bin/tidemark status"), load_alert_settings())
    except Exception as error:
        _LOGGER.error("the alert could not be sent: %s; see docs/runbooks/alerts.md", type(error).__name__)
