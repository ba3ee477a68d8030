"""Record a background process in a file: its id and its start time, which together no other process has."""

from __future__ import annotations

import contextlib
import json
import os
import subprocess
from dataclasses import dataclass
from pathlib import Path

from tidemark.support.atomic_files import replace_file


@dataclass(frozen=True)
class Running:
    """A running process. `port` is the port on which it listens; None if its file names none."""

    pid: int
    port: int | None = None


def remember(path: Path, process: Running) -> None:
    """Record a process in a file, so that `recall` finds it and never mistakes another process for it."""
    record = {"pid": process.pid, "born": born(process.pid), "port": process.port}
    replace_file(path, json.dumps({name: value for name, value in record.items() if value is not None}))


def recall(path: Path) -> Running | None:
    """Return the process that a file names if it still runs; None otherwise.

    Also returns None if the file does not exist or cannot be read, or if a reboot or a crash left it behind.
    """
    try:
        record = json.loads(path.read_text(encoding="utf-8"))
        process = Running(int(record["pid"]), None if record.get("port") is None else int(record["port"]))
        birth = record["born"]
    except (OSError, ValueError, TypeError, KeyError, AttributeError, OverflowError):
        return None
    is_running = process.pid > 0 and birth is not None and born(process.pid) == birth
    return process if is_running else None


def born(pid: int) -> str | None:
    """Return when a process started, as a text; None if it has ended.

    On Linux the text includes the boot, so it differs for each process that ever had this id.
    """
    with contextlib.suppress(ChildProcessError, OverflowError):
        os.waitpid(pid, os.WNOHANG)
    if not Path("/proc/self").exists():
        return _born_by_ps(pid)
    fields = stat(pid)
    if fields is None or fields[0] == "Z":
        return None
    boot = Path("/proc/sys/kernel/random/boot_id").read_text(encoding="utf-8").strip()
    return f"{boot} {fields[19]}"


def stat(pid: int) -> list[str] | None:
    """Return the fields of /proc/PID/stat, beginning with the state: state, parent, group, session, ... start time.

    Returns None if there is no such process.
    """
    try:
        text = Path(f"/proc/{pid}/stat").read_text(encoding="utf-8", errors="replace")
    except OSError:
        return None
    return text.rpartition(")")[2].split()


def _born_by_ps(pid: int) -> str | None:
    ps = subprocess.run(["ps", "-o", "lstart=", "-p", str(pid)], capture_output=True, text=True, check=False)
    return ps.stdout.strip() or None
