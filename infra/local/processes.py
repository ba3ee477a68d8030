"""The processes of a session: what a service started is found again and ended, also when the service is gone."""

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
"""Seconds between the request to end and the kill; Airflow's scheduler takes up to 5."""


@dataclass(frozen=True)
class Leader:
    """A process that leads a session or a group, as a file keeps it. `born` names the boot and the moment."""

    pid: int
    born: str | None

    @property
    def lives(self) -> bool:
        """Whether this very process is there."""
        return self.born is not None and born(self.pid) == self.born


def remember_leader(path: Path, pid: int) -> None:
    """Keep in a file which process leads."""
    replace_file(path, json.dumps({"pid": pid, "born": born(pid)}))


def recall_leader(path: Path) -> Leader | None:
    """The process that a file names, whether it lives or not; None where the file names none."""
    try:
        said = json.loads(path.read_text(encoding="utf-8"))
        leader = Leader(int(said["pid"]), None if said["born"] is None else str(said["born"]))
    except (OSError, ValueError, TypeError, KeyError, OverflowError):
        return None
    return leader if leader.pid > 1 else None


def members_of(leader: Leader) -> list[int]:
    """The living processes of the session that the process leads or led.

    While a session has members, the kernel gives its id to no other process.
    """
    return [] if _is_reused(leader) else [pid for pid in psutil.pids() if _session(pid) == leader.pid and _lives(pid)]


def group_of(leader: Leader) -> list[int]:
    """The living processes of the group that the process led, and what they started within this process's session.

    Airflow gives each task a group of its own; whoever left the session (the Spark server) is not meant.
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
    """Ask the processes to end, kill those that do not, and wait; says whether there were any.

    What was found once is ended, too, when it is no longer found: a task is not, once its worker has ended.
    """
    known: dict[int, str] = {}

    def living() -> list[int]:
        for pid in find():
            birth = born(pid)
            if birth is not None:
                known.setdefault(pid, birth)
        return [pid for pid, birth in known.items() if born(pid) == birth]

    there = bool(living())
    for sign in (signal.SIGTERM, signal.SIGKILL):
        _signal(living(), sign)
        if _wait_for_end(living, PATIENCE if patience is None else patience):
            break
    return there


def tail(path: Path, lines: int = 15) -> str:
    """The last lines of a log."""
    if not path.exists():
        return ""
    return "\n".join(path.read_text(encoding="utf-8", errors="replace").splitlines()[-lines:])


def _is_reused(leader: Leader) -> bool:
    """Whether the id belongs to another process now, or to another boot."""
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
