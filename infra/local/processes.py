"""Find and end the processes that a service started, even if the service itself is gone."""

from __future__ import annotations

import contextlib
import json
import os
import signal
import time
from collections.abc import Callable, Collection
from dataclasses import dataclass
from pathlib import Path

import psutil

from tidemark.engine.processes import born
from tidemark.support.atomic_files import replace_file

PATIENCE = 20.0
"""Seconds between SIGTERM and SIGKILL. Airflow's scheduler takes up to 5 to end."""


@dataclass(frozen=True)
class Leader:
    """A process that leads a session or a process group. `born` identifies the boot and the time of its start."""

    pid: int
    born: str | None

    @property
    def lives(self) -> bool:
        """Whether this process exists, and not another one with the same id."""
        return self.born is not None and born(self.pid) == self.born


def remember_leader(path: Path, pid: int) -> None:
    """Write to a file which process is the leader."""
    replace_file(path, json.dumps({"pid": pid, "born": born(pid)}))


def recall_leader(path: Path) -> Leader | None:
    """Return the leader that a file names, alive or not; None if the file names no process."""
    try:
        stored = json.loads(path.read_text(encoding="utf-8"))
        leader = Leader(int(stored["pid"]), None if stored["born"] is None else str(stored["born"]))
    except (OSError, ValueError, TypeError, KeyError, OverflowError):
        return None
    return leader if leader.pid > 1 else None


def members_of(leader: Leader) -> list[int]:
    """Return the living processes of the session that the process leads or led.

    While a session has members, the kernel does not reuse its id.
    """
    return [] if _is_reused(leader) else [pid for pid in psutil.pids() if _session(pid) == leader.pid and _lives(pid)]


def group_of(leader: Leader) -> list[int]:
    """Return the living processes of the group that the process led, and their descendants in the current session.

    Descendants are included because Airflow gives each task a group of its own. A process that has left the session,
    such as the Spark server, is not included. The current process is not included either.
    """
    if _is_reused(leader):
        return []
    here = os.getsid(0)
    near = [process for process in psutil.process_iter() if _session(process.pid) == here and _lives(process.pid)]
    found = {process.pid for process in near if _group(process.pid) == leader.pid}
    for process in sorted(near, key=psutil.Process.create_time):
        with contextlib.suppress(psutil.Error):
            if process.ppid() in found:
                found.add(process.pid)
    return sorted(found - {os.getpid()})


def end(find: Callable[[], Collection[int]], patience: float | None = None) -> bool:
    """Send SIGTERM to the processes, SIGKILL those that remain after `patience` seconds, and wait for their end.

    A process that `find` returned once is ended even if `find` no longer returns it, as happens to a task whose worker
    has ended. `patience` is PATIENCE by default. Returns whether there were any processes.
    """
    known: dict[int, str] = {}

    def living() -> list[int]:
        for pid in find():
            birth = born(pid)
            if birth is not None:
                known.setdefault(pid, birth)
        return [pid for pid, birth in known.items() if born(pid) == birth]

    found_any = bool(living())
    for sign in (signal.SIGTERM, signal.SIGKILL):
        _signal(living(), sign)
        if _wait_for_end(living, PATIENCE if patience is None else patience):
            break
    return found_any


def tail(path: Path, lines: int = 15) -> str:
    """Return the last lines of a log; empty if it does not exist."""
    if not path.exists():
        return ""
    return "\n".join(path.read_text(encoding="utf-8", errors="replace").splitlines()[-lines:])


def _is_reused(leader: Leader) -> bool:
    """Whether another process has the id now, or the leader's identity is unknown."""
    now = born(leader.pid)
    return leader.born is None or now not in (None, leader.born)


def _signal(pids: Collection[int], sign: signal.Signals) -> None:
    for pid in pids:
        with contextlib.suppress(ProcessLookupError, PermissionError):
            os.kill(pid, sign)


def _wait_for_end(find: Callable[[], Collection[int]], seconds: float) -> bool:
    until = time.monotonic() + seconds
    while time.monotonic() < until:
        if not find():
            return True
        time.sleep(0.1)
    return not find()


def _session(pid: int) -> int | None:
    try:
        return os.getsid(pid)
    except OSError:
        return None


def _group(pid: int) -> int | None:
    try:
        return os.getpgid(pid)
    except OSError:
        return None


def _lives(pid: int) -> bool:
    return born(pid) is not None
