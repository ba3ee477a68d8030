"""Background processes of a home: each in a session of its own, known by file, ended with all it started."""

from __future__ import annotations

import contextlib
import json
import os
import signal
import subprocess
import time
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path

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
    service.run.mkdir(parents=True, exist_ok=True)
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
    service.pid_file.write_text(json.dumps({"pid": process.pid, "born": _born(process.pid)}), encoding="utf-8")


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
    """The id of the running process. A file that a reboot or a crash left behind counts as none."""
    try:
        said = json.loads(service.pid_file.read_text(encoding="utf-8"))
    except (FileNotFoundError, json.JSONDecodeError):
        return None
    pid = int(said["pid"])
    return pid if said["born"] is not None and _born(pid) == said["born"] else None


def tail(path: Path, lines: int = 15) -> str:
    """The last lines of a log."""
    if not path.exists():
        return ""
    return "\n".join(path.read_text(encoding="utf-8", errors="replace").splitlines()[-lines:])


def _born(pid: int) -> str | None:
    """When a process began: with the boot, and the same for no other process. None where it has ended."""
    with contextlib.suppress(ChildProcessError):
        os.waitpid(pid, os.WNOHANG)
    if not Path("/proc/self").exists():
        return _born_by_ps(pid)
    fields = _stat(pid)
    if fields is None or fields[0] == "Z":
        return None
    boot = Path("/proc/sys/kernel/random/boot_id").read_text(encoding="utf-8").strip()
    return f"{boot} {fields[19]}"


def _stat(pid: int) -> list[str] | None:
    """The fields of /proc/PID/stat from the state on: state, parent, group, session, ... start time."""
    try:
        text = Path(f"/proc/{pid}/stat").read_text(encoding="utf-8", errors="replace")
    except OSError:
        return None
    return text.rpartition(")")[2].split()


def _born_by_ps(pid: int) -> str | None:
    said = subprocess.run(["ps", "-o", "lstart=", "-p", str(pid)], capture_output=True, text=True, check=False)
    return said.stdout.strip() or None


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
        fields = _stat(int(folder.name)) if folder.name.isdigit() else None
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
