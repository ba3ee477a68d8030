"""Metrics of sessions, by Airflow's own settings: section `[metrics]`, for StatsD or OpenTelemetry.

Without such a setting nothing is read and nothing is sent. A fault here is logged and never fails a task.
docs/cookbook/metrics-and-lineage.md lists the names.
"""

from __future__ import annotations

import logging
from collections.abc import Callable, Iterable
from datetime import datetime, timedelta
from typing import Any

from airflow.sdk.configuration import conf
from airflow.sdk.observability import stats

from tidemark.catalog import ops
from tidemark.operate.preview import count_partitions
from tidemark.operate.status import DatasetStatus
from tidemark.stages import Committed
from tidemark.state.plan import Plan
from tidemark.state.ranges import BEGINNING, END
from tidemark.steps.context import Context

PREFIX = "tidemark"
"""Airflow puts its own prefix before it, by default `airflow.`."""

_LOGGER = logging.getLogger(__name__)


def report_session(context: Context, committed: Committed, now: datetime) -> None:
    """Send the figures of a session that was just closed: its time, rows, late rows, partitions, and the lag."""
    try:
        if not _is_on():
            return
        plan, mark = committed.plan, committed.watermark
        _send(stats.timing, "session.time", _time_of(context, plan, now), plan.dataset)
        for name, number in _counts(context, committed).items():
            _send(stats.incr, f"session.{name}", number, plan.dataset)
        if mark is not None and mark.complete_through is not None:
            _send(stats.gauge, "lag_seconds", _seconds(now - mark.complete_through), plan.dataset)
    except Exception as error:
        _LOGGER.warning("no metrics of this session: %s: %s", type(error).__name__, error)


def report_lag(found: Iterable[DatasetStatus], now: datetime) -> None:
    """Send how far each dataset is behind, so that the figure also grows while no session runs."""
    try:
        if not _is_on():
            return
        for dataset in found:
            if dataset.complete_through is not None:
                _send(stats.gauge, "lag_seconds", _seconds(now - dataset.complete_through), dataset.dataset)
    except Exception as error:
        _LOGGER.warning("no metrics of the lag: %s: %s", type(error).__name__, error)


def _counts(context: Context, committed: Committed) -> dict[str, int]:
    """Return what the session did. A session that only moved the watermark has published no row and no partition."""
    plan, mark = committed.plan, committed.watermark
    moved = mark is not None and mark.snapshot != plan.base_snapshot
    snapshot = context.lake.table(plan.dataset).snapshot_by_id(mark.snapshot) if moved and mark else None
    summary = snapshot.summary.additional_properties if snapshot and snapshot.summary else {}
    changed = int(summary.get("changed-partition-count", 0))
    return {
        "rows": int(summary.get("added-records", 0)),
        "late_rows": _late_rows(context, plan),
        "partitions_rebuilt": _rebuilt(context, plan) or changed,
        "partitions_changed": changed,
    }


def _rebuilt(context: Context, plan: Plan) -> int:
    """Return how many partitions the plan rebuilt; 0 if it is not limited in time."""
    if not plan.ranges or plan.ranges[0].start == BEGINNING or plan.ranges[-1].end == END:
        return 0
    return count_partitions(context.spec(plan.dataset), plan.ranges)


def _late_rows(context: Context, plan: Plan) -> int:
    accounts = ops.rows(context.lake, "ops.record_accounts", ops.of_session(plan.session), ("late",))
    return sum(row["late"] or 0 for row in accounts)


def _time_of(context: Context, plan: Plan, now: datetime) -> timedelta:
    """Return the time since the session was planned, by the machine's clock."""
    planned = ops.rows(context.lake, "ops.sessions", ops.of_session(plan.session), ("recorded_at",))
    return now - min((row["recorded_at"] for row in planned if row["recorded_at"] is not None), default=now)


def _seconds(lag: timedelta) -> int:
    return max(round(lag.total_seconds()), 0)


def _is_on() -> bool:
    return any(conf.getboolean("metrics", key) for key in ("statsd_on", "statsd_datadog_enabled", "otel_on"))


def _send(kind: Callable[..., None], name: str, value: Any, dataset: str) -> None:
    """Send a figure with its dataset as a tag; plain StatsD knows no tags, so there the dataset ends the name."""
    if _has_tags():
        kind(f"{PREFIX}.{name}", value, tags={"dataset": dataset})
    else:
        kind(f"{PREFIX}.{name}.{dataset}", value)


def _has_tags() -> bool:
    plain = conf.getboolean("metrics", "statsd_on") and not conf.getboolean("metrics", "statsd_influxdb_enabled")
    return conf.getboolean("metrics", "statsd_datadog_enabled") or not plain
