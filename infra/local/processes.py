"""Background processes of a home: each in a session of its own, known by file, ended with all it started."""

from __future__ import annotations

import contextlib
import os
import signal
import subprocess
import time
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path

from tidemark.engine.processes import Running, recall, remember, stat

PATIENCE = 20.0
"""Seconds between the request to end and the kill; Airflow's scheduler takes up to 5."""


@dataclass(frozen=True)
class Service:
    """A background process: its name, and the folders of its pid file and its log."""

    name: str
    run: Path
    logs: Path

    @property
    def pid_file(self) -> Path:
        """Says which process it is, by id and by the moment of its birth."""
        return self.run / f"{self.name}.json"

    @property
    def log(self) -> Path:
        """What the process prints."""
        return self.logs / f"{self.name}.log"


def start(service: Service, command: Sequence[str], env: Mapping[str, str], cwd: Path) -> None:
    """Start a process that outlives this one. Does nothing where it runs already."""
    if pid_of(service) is not None:
        return
    service.logs.mkdir(parents=True, exist_ok=True)
    with service.log.open("ab") as log:
        process = subprocess.Popen(
            command,
            env=dict(env),
            cwd=cwd,
            stdin=subprocess.DEVNULL,
            stdout=log,
            stderr=log,
            start_new_session=True,
        )
    remember(service.pid_file, Running(process.pid))


def stop(service: Service) -> bool:
    """End the process with all that it started, and wait; says whether there was one."""
    pid = pid_of(service)
    if pid is not None:
        _signal(members_of(pid), signal.SIGTERM)
        if not _wait_for_end(pid, PATIENCE):
            _signal(members_of(pid), signal.SIGKILL)
            _wait_for_end(pid, PATIENCE)
    service.pid_file.unlink(missing_ok=True)
    return pid is not None


def pid_of(service: Service) -> int | None:
    """The id of the running process, if there is one."""
    known = recall(service.pid_file)
    return known.pid if known else None


def tail(path: Path, lines: int = 15) -> str:
    """The last lines of a log."""
    if not path.exists():
        return ""
    return "\n".join(path.read_text(encoding="utf-8", errors="replace").splitlines()[-lines:])


def _signal(pids: list[int], sign: signal.Signals) -> None:
    for pid in pids:
        with contextlib.suppress(ProcessLookupError, PermissionError):
            os.kill(pid, sign)


def _wait_for_end(pid: int, seconds: float) -> bool:
    """Wait until nothing of the session is left."""
    until = time.monotonic() + seconds
    while time.monotonic() < until:
        with contextlib.suppress(ChildProcessError):
            os.waitpid(pid, os.WNOHANG)
        if not members_of(pid):
            return True
        time.sleep(0.1)
    return False


def members_of(leader: int) -> list[int]:
    """The living processes of a session. Airflow's tasks share it, but no process group."""
    if not Path("/proc/self").exists():
        return _members_by_ps(leader)
    found = []
    for folder in Path("/proc").iterdir():
        fields = stat(int(folder.name)) if folder.name.isdigit() else None
        if fields is not None and fields[0] != "Z" and int(fields[3]) == leader:
            found.append(int(folder.name))
    return found


def _members_by_ps(leader: int) -> list[int]:
    """Where there is no /proc: the leader and all that descend from it."""
    said = subprocess.run(["ps", "-A", "-o", "pid=,ppid=,state="], capture_output=True, text=True, check=False)
    rows = [line.split() for line in said.stdout.splitlines()]
    living = {int(pid): int(parent) for pid, parent, state in rows if not state.startswith("Z")}
    found = [leader] if leader in living else []
    for pid in found:
        found += [child for child, parent in living.items() if parent == pid]
    return found
