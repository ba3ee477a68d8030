"""The supervisor restarts services that die, says what died and why, and obeys only the owner of the home."""

from __future__ import annotations

import os
import signal
import socket
import stat
import time
from collections.abc import Callable, Iterator
from datetime import UTC, datetime, timedelta
from pathlib import Path
from tempfile import TemporaryDirectory

import pytest

from infra.local import launch, processes, services, supervision
from infra.local.deaths import deaths_since
from infra.local.errors import HostError
from infra.local.programs import AIRFLOW, POSTGRES, WATCH, programs
from infra.local.sockets import sockets_folder
from infra.local.status import status_lines
from infra.local.supervision import Program
from tidemark.settings import CHECKOUT, Settings
from tidemark.support.loopback import why_taken

pytestmark = pytest.mark.services

LONG_AGO = datetime(2026, 1, 1, tzinfo=UTC)
with socket.create_server(("127.0.0.1", 0)) as free:
    PORT: int = free.getsockname()[1]
    """The port on which the service that lives listens."""
LIVES, DIES = Program("lives", "airflow", 20), Program("dies", "airflow", 20)


@pytest.fixture(params=["", "x" * 100], ids=["short", "long"])
def settings(request: pytest.FixtureRequest) -> Iterator[Settings]:
    """A home whose path has characters with a meaning in configuration files, and may be too long for a socket."""
    with TemporaryDirectory() as folder:
        home = Path(folder).resolve() / f"a ;home{request.param}"
        yield Settings(home=home, schemas=home)


@pytest.fixture
def supervised(settings: Settings, tmp_path: Path) -> Iterator[Settings]:
    """A supervisor that runs two scripts instead of our services."""
    package = tmp_path / "fake" / "infra" / "local"
    package.mkdir(parents=True)
    for folder in (package, package.parent):
        (folder / "__init__.py").touch()
    script = "import os, socket, sys, time\nprint(sys.argv[1], flush=True)\n"
    script += "if sys.argv[1] == 'dies': sys.exit('no room left')\n"
    listen = "server = socket.create_server(('127.0.0.1', int(os.environ['FAKE_PORT'])))\n"
    (package / "launch.py").write_text(script + listen + "time.sleep(600)\n")
    env = {**os.environ, "PYTHONPATH": str(tmp_path / "fake"), "FAKE_PORT": str(PORT)}
    known = {program.name: program for program in (LIVES, DIES)}
    cwd = supervision.CHECKOUT  # type: ignore[attr-defined]
    supervision.CHECKOUT = tmp_path / "fake"  # type: ignore[attr-defined]
    try:
        supervision.start_supervisor(settings, known, env)
        yield settings
    finally:
        supervision.CHECKOUT = cwd  # type: ignore[attr-defined]
        supervision.stop_supervisor(settings)


def test_a_supervisor_that_does_not_answer_is_seen_and_ended(
    supervised: Settings, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(supervision, "_ANSWER_TIMEOUT", 0.5)
    monkeypatch.setattr(processes, "PATIENCE", 1.0)
    leader = supervision.supervisor_process(supervised)
    assert leader is not None and supervision.is_running(supervised)
    os.kill(leader.pid, signal.SIGSTOP)
    assert not supervision.is_running(supervised)
    supervision.stop_supervisor(supervised)
    assert not leader.lives


def wait_until(holds: Callable[[], bool]) -> None:
    until = time.monotonic() + 60
    while not holds():
        assert time.monotonic() < until, "it did not come in a minute"
        time.sleep(0.1)


def state_of(settings: Settings, name: str) -> supervision.State:
    return next(state for state in supervision.states(settings) if state.name == name)


def test_s70_what_is_killed_is_started_again_and_named(supervised: Settings) -> None:
    supervision.start_service(supervised, LIVES)
    supervision.start_service(supervised, LIVES)
    first = state_of(supervised, "lives").pid
    os.kill(first, signal.SIGKILL)
    wait_until(lambda: state_of(supervised, "lives").runs and state_of(supervised, "lives").pid != first)
    (death,) = deaths_since(supervised, LONG_AGO)
    assert (death.service, death.why) == ("lives", "killed by SIGKILL")
    assert datetime.now(UTC) - death.at < timedelta(minutes=2)
    assert any("died once" in line and "killed by SIGKILL" in line for line in status_lines(supervised, None))
    assert deaths_since(supervised, death.at + timedelta(seconds=1)) == []


def test_what_dies_at_each_start_is_tried_again_with_a_pause_and_says_why(supervised: Settings) -> None:
    supervision.start_service(supervised, DIES)
    wait_until(lambda: len(deaths_since(supervised, LONG_AGO)) >= 3)
    assert state_of(supervised, "dies").word in ("BACKOFF", "STARTING")
    said = "\n".join(status_lines(supervised, None))
    assert "died 3 times in the last day" in said
    assert "exit status 1" in said
    assert "no room left" in said
    assert "docs/runbooks/service-dies.md" in said
    assert (CHECKOUT / "docs" / "runbooks" / "service-dies.md").exists()


def test_only_the_owner_gives_orders(supervised: Settings) -> None:
    control = sockets_folder(supervised) / "supervisor"
    assert stat.S_ISSOCK(control.stat().st_mode)
    assert stat.S_IMODE(control.stat().st_mode) == 0o700
    assert stat.S_IMODE(control.parent.stat().st_mode) == 0o700


def test_stop_ends_services_and_supervisor(supervised: Settings) -> None:
    supervision.start_service(supervised, LIVES)
    leader = supervision.supervisor_process(supervised)
    assert leader is not None
    assert leader.lives
    assert supervision.stop_supervisor(supervised) == ["lives"]
    assert not leader.lives
    assert supervision.states(supervised) == []
    assert supervision.stop_supervisor(supervised) == []
    assert not sockets_folder(supervised).exists()


def test_services_of_a_killed_supervisor_are_named_and_do_not_outlive_the_next_start(supervised: Settings) -> None:
    supervision.start_service(supervised, LIVES)
    leader, orphan = supervision.supervisor_process(supervised), state_of(supervised, "lives").pid
    assert leader is not None
    os.kill(leader.pid, signal.SIGKILL)
    wait_until(lambda: not leader.lives)
    assert any("was killed" in line and "make run" in line for line in status_lines(supervised, None))
    supervision.start_supervisor(supervised, {"lives": LIVES}, os.environ)
    wait_until(lambda: not Path(f"/proc/{orphan}").exists())


def test_a_service_of_a_killed_supervisor_does_not_hold_the_port_of_the_next_start(supervised: Settings) -> None:
    supervision.start_service(supervised, LIVES)
    leader = supervision.supervisor_process(supervised)
    assert leader is not None
    wait_until(lambda: why_taken(PORT) is not None)
    os.kill(leader.pid, signal.SIGKILL)
    wait_until(lambda: not leader.lives)
    assert services.choose_port(supervised, PORT) == PORT


def test_a_supervisor_that_does_not_run_takes_no_orders(settings: Settings) -> None:
    with pytest.raises(HostError, match="make run"):
        supervision._call(settings, "getState")
    assert supervision.states(settings) == []


def test_each_service_has_a_command(settings: Settings) -> None:
    assert set(programs(with_postgres=True)) == {POSTGRES, *AIRFLOW, WATCH}
    assert set(programs(with_postgres=False)) == {*AIRFLOW, WATCH}
    text = supervision.configuration(settings, programs(with_postgres=True))
    assert text.count("[program:") == len(AIRFLOW) + 2
    assert str(settings.home) not in text
    assert launch.main(["unknown"]) == 2


def test_a_service_without_its_database_says_so_and_ends(
    settings: Settings, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    monkeypatch.setenv("TIDEMARK_HOME", str(settings.home))
    assert launch.main(["airflow-triggerer"]) == 1
    assert "airflow.cfg names no database; run make run" in capsys.readouterr().err
