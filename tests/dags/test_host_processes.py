"""Processes of a home are found again, are not confused with others, and end with all their descendants."""

from __future__ import annotations

import json
import os
import re
import signal
import socket
import subprocess
import sys
import time
from collections.abc import Iterator
from pathlib import Path

import pytest

from infra.local import ports, processes, services
from infra.local.earlier import earlier_services, stop_earlier
from infra.local.errors import HostError
from infra.local.processes import end, group_of, members_of, recall_leader, remember_leader
from tidemark.settings import Settings

# Like Airflow's scheduler: a worker in its group, whose task has a group of its own and takes its time to end, and
# started a server that left the session.
SCHEDULER = """
import subprocess, sys, time
sleep = [sys.executable, "-c", "import time; time.sleep(600)"]
task = "import os, signal, time; signal.signal(15, signal.SIG_IGN); print('task', os.getpid(), flush=True)"
task += "; time.sleep(600)"
if len(sys.argv) == 1:
    worker = subprocess.Popen([sys.executable, sys.argv[0], "worker"])
    print("worker", worker.pid, flush=True)
else:
    subprocess.Popen([sys.executable, "-c", task], process_group=0)
    print("server", subprocess.Popen(sleep, start_new_session=True).pid, flush=True)
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
"""What a full disk or a careless edit can leave of a file."""


@pytest.fixture
def settings(tmp_path: Path) -> Settings:
    """The settings of an empty home."""
    return Settings(home=tmp_path, schemas=tmp_path)


def lives(pid: int) -> bool:
    if Path("/proc/self").exists():
        stat = Path(f"/proc/{pid}/stat")
        return stat.exists() and stat.read_text().rpartition(")")[2].split()[0] != "Z"
    said = subprocess.run(["ps", "-o", "state=", "-p", str(pid)], capture_output=True, text=True, check=False).stdout
    return bool(said.strip()) and not said.startswith("Z")


@pytest.fixture
def tree(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Iterator[dict[str, int]]:
    """Yield the processes of a scheduler by name; `scheduler` leads the session. The test must kill one of them."""
    monkeypatch.setattr(processes, "PATIENCE", 1.0)
    script, log = tmp_path / "scheduler.py", tmp_path / "log"
    script.write_text(SCHEDULER)
    with log.open("wb") as out:
        leader = subprocess.Popen([sys.executable, script], stdout=out, start_new_session=True)
    found = {"scheduler": leader.pid}
    until = time.monotonic() + 60
    while len(found) < 4 and time.monotonic() < until:
        found |= {name: int(pid) for name, pid in re.findall(r"^(\w+) (\d+)\n", log.read_text(), re.MULTILINE)}
        time.sleep(0.05)
    yield found
    for pid in found.values():
        if lives(pid):
            os.kill(pid, signal.SIGKILL)


def test_a_session_ends_with_all_that_it_started_but_what_left_it(tree: dict[str, int], tmp_path: Path) -> None:
    remember_leader(tmp_path / "leader.json", tree["scheduler"])
    leader = recall_leader(tmp_path / "leader.json")
    assert leader is not None
    assert end(lambda: members_of(leader), patience=1)
    assert [name for name, pid in tree.items() if lives(pid)] == ["server"]


def test_what_a_killed_leader_left_is_found(tree: dict[str, int], tmp_path: Path) -> None:
    remember_leader(tmp_path / "leader.json", tree["scheduler"])
    os.kill(tree["scheduler"], signal.SIGKILL)
    leader = recall_leader(tmp_path / "leader.json")
    assert leader is not None
    while lives(tree["scheduler"]):
        time.sleep(0.01)
    assert not leader.lives
    assert sorted(members_of(leader)) == sorted((tree["worker"], tree["task"]))


def test_s70_a_service_that_starts_again_ends_the_tasks_of_the_one_before(
    tree: dict[str, int], tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    remember_leader(tmp_path / "leader.json", tree["scheduler"])
    os.kill(tree["scheduler"], signal.SIGKILL)
    leader = recall_leader(tmp_path / "leader.json")
    assert leader is not None
    real = os.getsid
    monkeypatch.setattr(processes.os, "getsid", lambda pid: tree["scheduler"] if pid == 0 else real(pid))  # type: ignore[attr-defined]
    end(lambda: group_of(leader), patience=1)
    assert [name for name, pid in tree.items() if lives(pid)] == ["server"]


def test_an_id_that_another_process_has_now_is_not_taken_for_the_leader(tree: dict[str, int], tmp_path: Path) -> None:
    file = tmp_path / "leader.json"
    file.write_text(json.dumps({"pid": tree["scheduler"], "born": "another boot 1"}))
    leader = recall_leader(file)
    assert leader is not None
    assert not leader.lives
    assert members_of(leader) == []
    assert group_of(leader) == []


@pytest.mark.parametrize("content", BROKEN)
def test_a_broken_file_names_no_leader(tmp_path: Path, content: bytes) -> None:
    (tmp_path / "leader.json").write_bytes(content)
    assert recall_leader(tmp_path / "leader.json") is None


def test_services_of_an_earlier_version_are_named_and_stopped(tree: dict[str, int], settings: Settings) -> None:
    remember_leader(settings.run / "airflow-scheduler.json", tree["scheduler"])
    with pytest.raises(HostError, match=r"airflow-scheduler of an earlier version.*make stop"):
        services.choose_port(settings, None)
    assert stop_earlier(settings) == ["airflow-scheduler"]
    assert earlier_services(settings) == []
    assert not lives(tree["task"])


@pytest.mark.parametrize("content", BROKEN)
def test_a_broken_port_file_names_no_port(settings: Settings, content: bytes) -> None:
    settings.run.mkdir()
    (settings.run / "airflow.port").write_bytes(content)
    assert ports.remembered(settings) is None
    with pytest.raises(HostError, match="make stop"):
        ports.choose(settings, None, api_runs=True)


@pytest.mark.parametrize("command", ["status", "stop"])
def test_services_are_seen_and_stopped_under_a_wrong_setting(
    tree: dict[str, int],
    settings: Settings,
    command: str,
    monkeypatch: pytest.MonkeyPatch,
    capsys: pytest.CaptureFixture[str],
) -> None:
    monkeypatch.setenv("TIDEMARK_HOME", str(settings.home))
    (settings.home / "search.yaml").write_text("landing: {settling: soon}\n")
    remember_leader(settings.run / "supervisor.json", tree["scheduler"])
    assert services.main([command]) == 0
    said = capsys.readouterr()
    assert "landing.settling" in said.err
    if command == "status":
        assert f"process {tree['scheduler']} does not answer: run make stop" in said.out
    assert lives(tree["task"]) == (command == "status")


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
        ports.requested_port({"PORT": text})


def test_the_port_of_the_last_start_is_kept(settings: Settings) -> None:
    ports.remember(settings, 8123)
    assert ports.choose(settings, None, api_runs=True) == 8123
    with pytest.raises(HostError, match="8123"):
        ports.choose(settings, 8124, api_runs=True)


def test_setup_runs_without_any_package() -> None:
    command = [sys.executable, "-S", "-c", "import infra.local.bootstrap"]
    assert subprocess.run(command, cwd=Path(__file__).parents[2], check=False).returncode == 0
