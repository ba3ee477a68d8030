"""`tidemark alerts rehearse`: what would be told at a given time is sent, marked, and leaves no trace."""

from __future__ import annotations

import os
import subprocess
import sys
from datetime import UTC, datetime, timedelta
from pathlib import Path

import pytest

from tests.pages.lake import REBUILT, make_lake
from tests.pages.open_sessions import RUNS
from tidemark.operate.alerts.record import read_told
from tidemark.operate.in_progress import STUCK_AFTER

pytestmark = [pytest.mark.dags, pytest.mark.services]


def rehearse(home: Path, at: str) -> subprocess.CompletedProcess[str]:
    command = [sys.executable, "-m", "tidemark", "alerts", "rehearse", "--at", at]
    env = {**os.environ, "TIDEMARK_HOME": str(home), "AIRFLOW_HOME": str(home / "airflow")}
    return subprocess.run(command, env=env, capture_output=True, text=True, check=False)


def test_a_session_that_will_be_stuck_is_told_with_what_is_wrong_already(tmp_path: Path) -> None:
    lake = make_lake(tmp_path / "home")
    at = datetime.now(UTC) + STUCK_AFTER - timedelta(minutes=30)
    done = rehearse(tmp_path / "home", f"{at:%Y-%m-%dT%H:%MZ}")
    said = [line for line in done.stdout.splitlines() if "rehearsal" in line]
    assert any(f"rehearsal: session stuck: {RUNS}" in line for line in said), "it was planned 75 minutes ago"
    assert not any("search_requests" in line and "stuck" in line for line in said), "it was planned 5 minutes ago"
    assert any(f"rehearsal: audit failed: {REBUILT}" in line for line in said)
    assert f"{len(said)} messages would be told then" in done.stdout and done.returncode == 0
    assert read_told(lake) == {}
    lake.catalog.engine.dispose()


def test_a_time_that_is_none_is_refused(tmp_path: Path) -> None:
    done = rehearse(tmp_path / "home", "tomorrow")
    assert done.returncode == 1 and "RequestRefused: at: " in done.stderr
