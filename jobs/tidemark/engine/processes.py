"""A background process that is known by a file: its id, and the moment of its birth, which no other process has."""

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
    """A process that lives; `port` is where it listens, None where its file names none."""

    pid: int
    port: int | None = None


def remember(path: Path, process: Running) -> None:
    """Keep in a file which process it is, so that `recall` finds it and takes no other one for it."""
    said = {"pid": process.pid, "born": born(process.pid), "port": process.port}
    replace_file(path, json.dumps({name: value for name, value in said.items() if value is not None}))


def recall(path: Path) -> Running | None:
    """The process that a file names, if it lives.

    A file that cannot be read, or that a reboot or a crash left behind, counts as none.
    """
    try:
        said = json.loads(path.read_text(encoding="utf-8"))
        process = Running(int(said["pid"]), None if said.get("port") is None else int(said["port"]))
        birth = said["born"]
    except (OSError, ValueError, TypeError, KeyError, AttributeError, OverflowError):
        return None
    lives = process.pid > 0 and birth is not None and born(process.pid) == birth
    return process if lives else None


def born(pid: int) -> str | None:
    """When a process began: with the boot, and the same for no other process. None where it has ended."""
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
    """The fields of /proc/PID/stat from the state on: state, parent, group, session, ... start time."""
    try:
        text = Path(f"/proc/{pid}/stat").read_text(encoding="utf-8", errors="replace")
    except OSError:
        return None
    return text.rpartition(")")[2].split()


def _born_by_ps(pid: int) -> str | None:
    said = subprocess.run(["ps", "-o", "lstart=", "-p", str(pid)], capture_output=True, text=True, check=False)
    return said.stdout.strip() or None
