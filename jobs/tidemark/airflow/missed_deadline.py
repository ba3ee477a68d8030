"""What happens when a wait ends at its deadline. Alerts are attached here."""

from __future__ import annotations

import logging
from typing import Any

_LOGGER = logging.getLogger(__name__)


def report_missed_deadline(context: Any, message: str) -> None:
    """Warn that a run goes on without what it waited for.

    `context` is Airflow's context of the wait. `message` says which table is complete through when, and what was
    wanted.
    """
    _LOGGER.warning("%s", message)
