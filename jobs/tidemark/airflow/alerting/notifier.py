"""The notifier for `on_failure_callback`: it tells that a task failed and is not tried again."""

from __future__ import annotations

import logging
from typing import Any

from airflow.sdk import BaseNotifier

_LOGGER = logging.getLogger(__name__)


class FailureAlert(BaseNotifier):
    """Tell that a task failed. `dataset` is the dataset of the session that the task belongs to.

    Airflow calls it after the last try only: in the task's process or, if that was killed, in the DAG processor.
    """

    def __init__(self, dataset: str | None = None) -> None:
        super().__init__()
        self.dataset = dataset

    def notify(self, context: Any) -> None:
        """Send the alert. An error of the alert itself is logged, and never changes the state of the task."""
        try:
            from tidemark.airflow.alerting.failed_tasks import tell_failure

            tell_failure(context, self.dataset)
        except Exception:
            _LOGGER.exception("the alert about this failure could not be sent; see docs/runbooks/alerts.md")
