"""Background processes of a home: started in a session of their own, known by file, stopped as a group."""

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
    service.pid_file.write_text(
        json.dumps({"pid": process.pid, "born": _born(process.pid)}), encoding="utf-8"
    )


def stop(service: Service) -> bool:
    """End the process with its whole group and wait; says whether there was one."""
    pid = pid_of(service)
    if pid is not None:
        _signal_group(pid, signal.SIGTERM)
        if not _wait_for_end(pid, PATIENCE):
            _signal_group(pid, signal.SIGKILL)
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
    stat = Path(f"/proc/{pid}/stat")
    if not stat.parent.parent.joinpath("self").exists():
        return _born_by_ps(pid)
    try:
        state, *fields = stat.read_text(encoding="utf-8", errors="replace").rpartition(")")[2].split()
    except OSError:
        return None
    boot = Path("/proc/sys/kernel/random/boot_id").read_text(encoding="utf-8").strip()
    return None if state == "Z" else f"{boot} {fields[18]}"


def _born_by_ps(pid: int) -> str | None:
    said = subprocess.run(
        ["ps", "-o", "lstart=", "-p", str(pid)], capture_output=True, text=True, check=False
    )
    return said.stdout.strip() or None


def _signal_group(pid: int, sign: signal.Signals) -> None:
    with contextlib.suppress(ProcessLookupError, PermissionError):
        os.killpg(pid, sign)


def _wait_for_end(pid: int, seconds: float) -> bool:
    """Wait until nothing of the process group is left."""
    until = time.monotonic() + seconds
    while time.monotonic() < until:
        with contextlib.suppress(ChildProcessError):
            os.waitpid(pid, os.WNOHANG)
        if not _group_lives(pid):
            return True
        time.sleep(0.05)
    return False


def _group_lives(pid: int) -> bool:
    try:
        os.killpg(pid, 0)
    except (ProcessLookupError, PermissionError):
        return False
    return True
