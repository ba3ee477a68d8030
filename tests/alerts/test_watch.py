"""A supervisor or a service that is killed, or runs and does nothing, is told once, and once more when it is over."""

from __future__ import annotations

import json
import os
import signal
import subprocess
import sys
import threading
import time
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import replace
from datetime import UTC, datetime, timedelta
from http.server import BaseHTTPRequestHandler, HTTPServer
from pathlib import Path

import pytest

from infra.local import death_alert, ports, supervision, watch
from infra.local.supervision import Program
from infra.local.watch import PATIENCE, find_troubles, follow, is_due
from tests.alerts.conftest import webhook_connection
from tests.alerts.receivers import Received, webhook
from tidemark.operate.service_troubles import ServiceTrouble, read_troubles, troubles_text
from tidemark.settings import CHECKOUT, Settings

NOW = datetime(2026, 4, 12, 9, tzinfo=UTC)
LONG_AGO = NOW - PATIENCE
WRONG = {"scheduler": "no heartbeat"}


@pytest.mark.parametrize(
    ("trouble", "found", "due"),
    [
        (ServiceTrouble("scheduler", "", LONG_AGO + timedelta(seconds=1)), WRONG, False),
        (ServiceTrouble("scheduler", "", LONG_AGO), WRONG, True),
        (ServiceTrouble("scheduler", "", LONG_AGO, told=True), WRONG, False),
        (ServiceTrouble("scheduler", "", LONG_AGO, told=True), {}, True),
        (ServiceTrouble("scheduler", "", LONG_AGO), {}, False),
    ],
    ids=["short", "lasting", "told before", "over", "over before it was told"],
)
def test_what_lasts_is_told_once_and_its_end_only_if_it_was_told(
    trouble: ServiceTrouble, found: dict[str, str], due: bool
) -> None:
    assert is_due(trouble, found, NOW) is due


def test_a_trouble_is_remembered_since_it_was_first_seen_and_until_its_end_was_told() -> None:
    known = [ServiceTrouble("scheduler", "old", LONG_AGO), ServiceTrouble("triggerer", "t", LONG_AGO, told=True)]
    assert follow(known, WRONG, NOW) == [known[1], ServiceTrouble("scheduler", "no heartbeat", LONG_AGO)]
    assert follow(known, {"postgres": "p"}, NOW) == [known[1], ServiceTrouble("postgres", "p", NOW)]


@pytest.fixture
def settings(tmp_path: Path) -> Settings:
    """A home with a webhook for alerts."""
    home = tmp_path / "home"
    home.mkdir()
    (home / "search.yaml").write_text("alerts: {webhook_connection: tidemark_webhook}\n", encoding="utf-8")
    return Settings(home=home, schemas=CHECKOUT / "schemas")


@pytest.fixture
def supervisor(settings: Settings) -> Iterator[int]:
    """The supervisor of the home, without services."""
    supervision.start_supervisor(settings, {"idle": Program("idle", "idle", 10)}, os.environ)
    leader = supervision.supervisor_process(settings)
    assert leader is not None
    yield leader.pid
    supervision.stop_supervisor(settings)


@contextmanager
def airflow(settings: Settings, **health: str) -> Iterator[int]:
    """Answer as Airflow's health endpoint does, on the port of the home."""

    class Handler(BaseHTTPRequestHandler):
        def do_GET(self) -> None:
            body = json.dumps({name: {"status": status} for name, status in health.items()}).encode()
            self.send_response(200)
            self.end_headers()
            self.wfile.write(body)

        def log_message(self, *_: object) -> None:
            """Print nothing."""

    with HTTPServer(("127.0.0.1", 0), Handler) as server:
        threading.Thread(target=server.serve_forever, daemon=True).start()
        ports.remember(settings, server.server_port)
        yield server.server_port
        server.shutdown()


HEALTHY = dict.fromkeys(("metadatabase", "scheduler", "dag_processor", "triggerer"), "healthy")


def check_once(settings: Settings, received: Received) -> list[tuple[str, bool]]:
    """Run the command of a timer; return the place of each alert that it sent, and whether it says that it is over."""
    connection = json.dumps(webhook_connection(received.port))
    env = {**os.environ, "TIDEMARK_HOME": str(settings.home), "AIRFLOW_CONN_TIDEMARK_WEBHOOK": connection}
    env["AIRFLOW_HOME"] = str(settings.airflow)
    command = [sys.executable, "-m", "infra.local.watch", "once"]
    done = subprocess.run(command, env=env, cwd=CHECKOUT, capture_output=True, text=True, check=False)
    assert done.returncode == 0, done.stderr
    posts = [(post["where"], post["over"]) for _, post in received.posts]
    received.posts.clear()
    return posts


def age(settings: Settings) -> None:
    """Let the known troubles be as old as they have to be."""
    since = datetime.now(UTC) - PATIENCE
    remember(settings, *(replace(trouble, since=since) for trouble in read_troubles(settings.service_troubles)))


def remember(settings: Settings, *troubles: ServiceTrouble) -> None:
    settings.run.mkdir(parents=True, exist_ok=True)
    settings.service_troubles.write_text(troubles_text(troubles))


@pytest.mark.services
def test_a_killed_supervisor_is_told_by_the_timer_and_so_is_its_return(settings: Settings, supervisor: int) -> None:
    with airflow(settings, **HEALTHY) as port, webhook() as received:
        assert list(find_troubles(settings)) == []
        os.kill(supervisor, signal.SIGKILL)
        until = time.monotonic() + 10
        while not list(find_troubles(settings)) and time.monotonic() < until:
            time.sleep(0.05)
        assert check_once(settings, received) == []
        ports.remember(settings, 1)  # Airflow does not answer either, which the supervisor explains
        age(settings)
        assert check_once(settings, received) == [("supervisor", False)]
        assert check_once(settings, received) == []
        supervision.start_supervisor(settings, {"idle": Program("idle", "idle", 10)}, os.environ)
        ports.remember(settings, port)
        assert check_once(settings, received) == [("supervisor", True)]
        assert read_troubles(settings.service_troubles) == (), "a trouble that comes back has lasted no time yet"
        assert check_once(settings, received) == []


@pytest.mark.services
def test_a_supervisor_that_hangs_is_a_trouble_and_one_that_was_stopped_is_not(
    settings: Settings, supervisor: int, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(supervision, "_ANSWER_TIMEOUT", 0.5)
    with airflow(settings, **HEALTHY):
        os.kill(supervisor, signal.SIGSTOP)
        assert list(find_troubles(settings)) == [
            ("supervisor", f"process {supervisor} does not answer; make stop, then make run")
        ]
        os.kill(supervisor, signal.SIGCONT)
        supervision.stop_supervisor(settings)
        assert list(find_troubles(settings)) == []


@pytest.mark.services
def test_a_scheduler_without_a_heartbeat_and_an_api_server_that_is_gone_are_troubles(
    settings: Settings, supervisor: int
) -> None:
    with airflow(settings, **{**HEALTHY, "scheduler": "unhealthy"}):
        assert [name for name, _ in find_troubles(settings)] == ["airflow-scheduler"]
    assert [name for name, _ in find_troubles(settings)] == ["airflow-api-server"]


def test_a_start_after_an_end_that_nobody_wanted_is_told_unless_the_watch_has(
    settings: Settings, monkeypatch: pytest.MonkeyPatch
) -> None:
    begun: list[list[str]] = []
    monkeypatch.setattr(subprocess, "Popen", lambda command, **_: begun.append(command))
    death_alert.begin_supervisor(settings)
    assert [command[-1] for command in begun] == ["supervisor"]
    remember(settings, ServiceTrouble("supervisor", "killed", LONG_AGO, told=True))
    death_alert.begin_supervisor(settings)
    assert len(begun) == 1
    assert death_alert.SUPERVISOR_DIED.subject == "service died: supervisor"


def test_an_unknown_argument_is_refused() -> None:
    assert watch.main(["twice"]) == 2


def test_a_start_forgets_what_was_not_told_and_keeps_what_has_to_be_told_as_over(settings: Settings) -> None:
    told, untold = ServiceTrouble("a", "silent", NOW, told=True), ServiceTrouble("b", "silent", NOW)
    remember(settings, told, untold)
    watch.forget_untold(settings)
    assert read_troubles(settings.service_troubles) == (told,)
