"""Tell that a task failed: once, and again if it still fails after a day. Import this module only when needed."""

from __future__ import annotations

import logging
from dataclasses import replace
from datetime import UTC, datetime, timedelta
from typing import Any

from tidemark.airflow.alerting.channels import Sent, send
from tidemark.airflow.alerting.turns import taking_turns
from tidemark.airflow.task_log import StepFailed
from tidemark.catalog import Lake, ops
from tidemark.catalog.filters import both, equals
from tidemark.operate.alerts.failures import Failure, alert_of, is_refused_request, key_of
from tidemark.operate.alerts.record import read_told, record
from tidemark.operate.lakes import open_existing_lake
from tidemark.settings import Settings, load_alert_settings

REPEAT = timedelta(days=1)
"""If the same error of a dataset is repeated within this time, it is only logged."""

_LOGGER = logging.getLogger(__name__)


def tell_failure(context: Any, dataset: str | None) -> None:
    """Send the alert about the failed task of a callback's context, and record it."""
    raised, task = context.get("exception"), context["ti"]
    error = raised.error if isinstance(raised, StepFailed) else raised
    known = error if isinstance(error, BaseException) else None
    failure = Failure(task.dag_id, task.run_id, task.task_id, dataset, known)
    tell_once(load_alert_settings(), failure, is_said=isinstance(raised, StepFailed))


def tell_once(settings: Settings, failure: Failure, is_said: bool = False) -> Sent | None:
    """Send the alert about a failure, and record it; None if it was told within the last day.

    A refused request of a person is not told. If the lake cannot be read, which may be why the task failed, the alert
    is sent without it. `is_said` is passed to `send`.
    """
    if is_refused_request(failure):
        return None
    with taking_turns(settings):
        return _tell_once(settings, failure, is_said)


def _tell_once(settings: Settings, failure: Failure, is_said: bool) -> Sent | None:
    condition = key_of(failure)
    lake = _lake(settings)
    if lake is None:
        return send(alert_of(failure), settings, is_said)
    try:
        failure = replace(failure, session=_session_of(lake, failure) if failure.dataset else None)
        told = read_told(lake).get(condition)
    except Exception as error:
        _LOGGER.warning("alert without its session: %s", type(error).__name__)
        return send(alert_of(failure), settings, is_said)
    if told is not None and told.holds and told.recorded_at > datetime.now(UTC) - REPEAT:
        _LOGGER.warning("told before, at %s; not sent again: %s", f"{told.recorded_at:%Y-%m-%dT%H:%MZ}", condition)
        return None
    sent = send(alert_of(failure), settings, is_said)
    if sent.is_delivered:
        record(lake, condition, alert_of(failure), sent.took, failure.dataset, failure.session)
    return sent


def _lake(settings: Settings) -> Lake | None:
    try:
        return open_existing_lake(settings)
    except Exception as error:
        _LOGGER.warning("alert without the lake: %s", type(error).__name__)
        return None


def _session_of(lake: Lake, failure: Failure) -> str | None:
    """Return the session that the run of the failed task planned; None if it planned none."""
    run = equals("run", f"{failure.dag}/{failure.run}")
    rows = ops.rows(lake, "ops.sessions", both(ops.of_dataset(str(failure.dataset)), run), ("session", "recorded_at"))
    return max(rows, key=lambda row: row["recorded_at"])["session"] if rows else None
