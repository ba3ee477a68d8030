"""Tell that a wait for a table reached its deadline. Import this module only inside a task."""

from __future__ import annotations

import logging

from tidemark.airflow.alerting.channels import send
from tidemark.operate.alerts.alert import Alert, Kind
from tidemark.settings import load_settings

_LOGGER = logging.getLogger(__name__)


def tell_went_on(dataset: str, what: str) -> None:
    """Tell that a run went on at its deadline although a table was not complete.

    `dataset` is the table that the run waited for, `what` says how far it is complete and what was wanted. An error of
    the alert itself is logged, and never changes the state of the task.
    """
    command = f".venv/bin/tidemark plan {dataset}"
    try:
        send(Alert(Kind.went_on, dataset, what, command, f"sessions?dataset={dataset}"), load_settings())
    except Exception:
        _LOGGER.exception("the alert about this deadline could not be sent; see docs/runbooks/alerts.md")
