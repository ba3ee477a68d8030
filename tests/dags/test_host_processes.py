"""Background processes are found again, are not mistaken for others, and end with all that they started."""

from __future__ import annotations

import json
import os
import socket
import subprocess
import sys
import time
from dataclasses import replace
from pathlib import Path

import pytest

from infra.local import ports, services
from infra.local.errors import HostError
from infra.local.processes import Service, pid_of, start, stop
from tidemark.settings import Settings

# Like Airflow's tasks: a child with a process group of its own.
WITH_CHILD = """
import os, subprocess, sys, time
child = subprocess.Popen([sys.executable, "-c", "import time; time.sleep(600)"], process_group=0)
print(child.pid, flush=True)
time.sleep(600)
"""


BROKEN = [
    b"",
    b"\xff\x00",
    b"{}",
    b"[]",
    b"null",
    b"12x",
    b'{"pid": 1}',
    b'{"pid": "one", "born": "x"}',
    b'{"pid": -1, "born": 1}',
]
"""What a full disk or a stray hand leaves of a file."""


@pytest.fixture
def settings(tmp_path: Path) -> Settings:
    """A home of its own."""
    return Settings(home=tmp_path, schemas=tmp_path)


@pytest.fixture
def service(tmp_path: Path) -> Service:
    return Service("sleeper", tmp_path / "run", tmp_path / "logs")


def lives(pid: int) -> bool:
    if Path("/proc/self").exists():
        stat = Path(f"/proc/{pid}/stat")
        return stat.exists() and stat.read_text().rpartition(")")[2].split()[0] != "Z"
    said = subprocess.run(["ps", "-o", "state=", "-p", str(pid)], capture_output=True, text=True, check=False).stdout
    return bool(said.strip()) and not said.startswith("Z")


def wait_for_child(service: Service) -> int:
    while not service.log.read_text().strip():
        time.sleep(0.05)
    return int(service.log.read_text())


def test_stop_ends_what_the_process_started(service: Service, tmp_path: Path) -> None:
    start(service, [sys.executable, "-c", WITH_CHILD], os.environ, tmp_path)
    pid, child = pid_of(service), wait_for_child(service)
    assert pid is not None
    assert stop(service)
    assert not lives(pid)
    assert not lives(child)
    assert pid_of(service) is None


def test_a_second_start_leaves_the_running_one(service: Service, tmp_path: Path) -> None:
    command = [sys.executable, "-c", "import time; time.sleep(600)"]
    start(service, command, os.environ, tmp_path)
    first = pid_of(service)
    start(service, command, os.environ, tmp_path)
    assert pid_of(service) == first
    stop(service)


def test_a_pid_file_of_before_a_reboot_is_no_process(service: Service) -> None:
    service.run.mkdir()
    service.pid_file.write_text(json.dumps({"pid": os.getpid(), "born": "another boot 1"}))
    assert pid_of(service) is None
    assert not stop(service)


@pytest.mark.parametrize("content", BROKEN)
def test_a_broken_pid_file_is_no_process(service: Service, content: bytes) -> None:
    service.run.mkdir()
    service.pid_file.write_bytes(content)
    assert pid_of(service) is None
    assert not stop(service)


@pytest.mark.parametrize("content", BROKEN)
def test_a_broken_port_file_names_no_port(settings: Settings, content: bytes) -> None:
    settings.run.mkdir()
    (settings.run / "airflow.port").write_bytes(content)
    assert ports.remembered(settings) is None
    with pytest.raises(HostError, match="make stop"):
        ports.choose(settings, None, api_runs=True)


@pytest.mark.parametrize("command", ["status", "stop"])
def test_services_are_seen_and_stopped_under_a_wrong_setting(
    service: Service,
    settings: Settings,
    command: str,
    monkeypatch: pytest.MonkeyPatch,
    capsys: pytest.CaptureFixture[str],
) -> None:
    monkeypatch.setenv("TIDEMARK_HOME", str(settings.home))
    (settings.home / "search.yaml").write_text("landing: {settling: soon}\n")
    running = replace(service, name=services.API_SERVER)
    start(running, [sys.executable, "-c", "import time; time.sleep(600)"], os.environ, settings.home)
    try:
        pid = pid_of(running)
        assert services.main([command]) == 0
        said = capsys.readouterr()
        assert "landing.settling" in said.err
        assert (f"process {pid}" if command == "status" else f"stopped {running.name}") in said.out
        assert (pid_of(running) is None) == (command == "stop")
    finally:
        stop(running)


def test_a_home_that_is_no_path_is_not_taken_for_another(
    monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    monkeypatch.setenv("TIDEMARK_HOME", "/tmp/a?b")
    assert services.main(["stop"]) == 1
    assert capsys.readouterr().err.startswith("TIDEMARK_HOME: ")


def test_a_taken_port_is_named_with_what_to_do(settings: Settings) -> None:
    with socket.socket() as other:
        other.bind(("127.0.0.1", 0))
        other.listen()
        taken = other.getsockname()[1]
        with pytest.raises(HostError, match=rf"port {taken} .*PORT="):
            ports.choose(settings, taken, api_runs=False)


@pytest.mark.parametrize("text", ["80", "eighty", "70000", "8080; ls", "٨٠٨٠"])
def test_what_is_no_port_is_refused(text: str) -> None:
    with pytest.raises(HostError, match="PORT="):
        ports.asked({"PORT": text})


def test_the_port_of_the_last_start_is_kept(settings: Settings) -> None:
    ports.remember(settings, 8123)
    assert ports.choose(settings, None, api_runs=True) == 8123
    with pytest.raises(HostError, match="8123"):
        ports.choose(settings, 8124, api_runs=True)


def test_setup_runs_without_any_package() -> None:
    command = [sys.executable, "-S", "-c", "import infra.local.bootstrap"]
    assert subprocess.run(command, cwd=Path(__file__).parents[2], check=False).returncode == 0
