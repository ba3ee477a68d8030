"""Which deaths of services are told."""

from __future__ import annotations

import json
import os
import subprocess
import sys
from datetime import UTC, datetime, timedelta
from pathlib import Path

import pytest

from infra.local.death_alert import RECENT, alert_of, death_to_tell
from infra.local.deaths import record_deaths
from infra.local.supervision import log_of
from tests.alerts.conftest import webhook_connection
from tests.alerts.receivers import webhook
from tidemark.operate.service_deaths import read_deaths
from tidemark.settings import CHECKOUT, Settings

NOW = datetime(2026, 4, 12, 9, tzinfo=UTC)
SERVICE = "airflow-scheduler"


def home_with(folder: Path, *deaths: tuple[str, timedelta], now: datetime = NOW) -> Settings:
    """Return a home in whose supervisor's log services died so long before `now`."""
    settings = Settings(home=folder, schemas=CHECKOUT / "schemas")
    lines = [
        f"{(now - age).astimezone():%Y-%m-%d %H:%M:%S},000 WARN exited: {name} (terminated by SIGKILL; not expected)"
        for name, age in deaths
    ]
    log_of(settings).parent.mkdir(parents=True)
    log_of(settings).write_text("\n".join(lines), encoding="utf-8")
    return settings


def test_a_service_that_just_died_is_told(tmp_path: Path) -> None:
    settings = home_with(tmp_path, (SERVICE, timedelta(seconds=2)), ("postgres", timedelta(seconds=1)))
    death = death_to_tell(settings, SERVICE, NOW)
    assert death is not None
    alert = alert_of(death)
    assert (alert.subject, alert.next_command) == (f"service died: {SERVICE}", "make doctor")
    assert "killed by SIGKILL" in alert.what


def test_a_service_that_is_only_started_or_died_long_ago_is_not(tmp_path: Path) -> None:
    settings = home_with(tmp_path, (SERVICE, RECENT + timedelta(minutes=1)))
    assert death_to_tell(settings, SERVICE, NOW) is None
    assert death_to_tell(settings, "postgres", NOW) is None


def test_a_service_that_keeps_dying_is_told_once_an_hour(tmp_path: Path) -> None:
    again = home_with(tmp_path / "a", (SERVICE, timedelta(minutes=59)), (SERVICE, timedelta(seconds=2)))
    assert death_to_tell(again, SERVICE, NOW) is None
    later = home_with(tmp_path / "b", (SERVICE, timedelta(minutes=61)), (SERVICE, timedelta(seconds=2)))
    assert death_to_tell(later, SERVICE, NOW) is not None


def test_deaths_stay_on_record_for_the_status_page_after_the_log_was_turned(tmp_path: Path) -> None:
    settings = home_with(tmp_path, (SERVICE, timedelta(hours=5)), (SERVICE, timedelta(days=8)))
    record_deaths(settings, NOW)
    log_of(settings).write_text("", encoding="utf-8")
    record_deaths(settings, NOW)
    [death] = read_deaths(settings.service_deaths, NOW - timedelta(days=30))
    assert (death.service, death.at, death.why) == (SERVICE, NOW - timedelta(hours=5), "killed by SIGKILL")


@pytest.mark.services
def test_the_command_that_starts_the_service_again_sends_the_alert(tmp_path: Path) -> None:
    home_with(tmp_path, (SERVICE, timedelta(seconds=2)), now=datetime.now(UTC))
    (tmp_path / "search.yaml").write_text("alerts: {webhook_connection: tidemark_webhook}\n", encoding="utf-8")
    with webhook() as received:
        connection = json.dumps(webhook_connection(received.port))
        env = {**os.environ, "TIDEMARK_HOME": str(tmp_path), "AIRFLOW_HOME": str(tmp_path / "airflow")}
        env |= {"AIRFLOW_CONN_TIDEMARK_WEBHOOK": connection}
        command = [sys.executable, "-m", "infra.local.death_alert", SERVICE]
        done = subprocess.run(command, env=env, cwd=CHECKOUT, capture_output=True, text=True, check=False)
    assert done.returncode == 0, done.stderr
    assert [post["kind"] for _, post in received.posts] == ["service died"]
