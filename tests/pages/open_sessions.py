"""Sessions that are not closed: one is in progress, and one was left by a run that failed. And services that died."""

from __future__ import annotations

from collections.abc import Mapping
from datetime import UTC, datetime, timedelta
from pathlib import Path

from tidemark.catalog import Lake, ops
from tidemark.operate.service_deaths import ServiceDeath, deaths_text
from tidemark.settings import Settings
from tidemark.spec import DatasetSpec
from tidemark.state.effect import ReplaceRanges
from tidemark.state.plan import Plan
from tidemark.support.atomic_files import replace_file

RUNS, LEFT = "search.impressions", "search.search_requests"
RUNNING, FAILED = "build_interactions/runs", "land_search_logs/left"
NIGHT, NIGHTS_BACKFILL, BY_HAND = "maintain_tables/night", "maintain_tables/backfill", "maintain_tables/hand"
"""The runs in Airflow, as tests/pages/serve.py writes them."""


def open_session(lake: Lake, spec: DatasetSpec, name: str, run: str | None, at: datetime) -> Plan:
    """Plan a session of a dataset, and return its plan."""
    table = lake.ensure_table(spec)
    base = table.metadata.current_snapshot_id or 0
    uuid = str(table.metadata.table_uuid)
    plan = Plan(spec.dataset, uuid, base, 0, "f", "l", at, ReplaceRanges((), ()), session=name)
    row = {"session": name, "dataset": spec.dataset, "how": "overwrite", "plan": plan.to_json(), "planned_at": at}
    ops.append(lake, "ops.sessions", [{**row, "run": run, "recorded_at": at}])
    return plan


def add_open_sessions(lake: Lake, specs: Mapping[str, DatasetSpec], home: Path, hostile: str) -> None:
    """Write the sessions, and the record of a service that died an hour ago."""
    now = datetime.now(UTC)
    open_session(lake, specs[RUNS], "open-runs", RUNNING, now - timedelta(minutes=75))
    open_session(lake, specs[LEFT], "open-left", FAILED, now - timedelta(minutes=5))
    died = (ServiceDeath("airflow-scheduler", now - timedelta(hours=1), f"killed by SIGKILL {hostile}"),)
    replace_file(Settings(home=home, schemas=home).service_deaths, deaths_text(died))
