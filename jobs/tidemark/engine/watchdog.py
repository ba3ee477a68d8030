"""The process that ends a Connect server which nobody uses.

Spark has no setting for this. A server is in use as long as a client holds a connection to its port. A client keeps
its connection while its session is open. If a client goes away, Spark ends its work after five minutes. So a server
that has had no connection for longer than that runs nothing.

    python -m tidemark.engine.watchdog FOLDER PID PORT SECONDS
"""

from __future__ import annotations

import contextlib
import os
import signal
import subprocess
import sys
import time
from pathlib import Path

import psutil

from tidemark.engine.processes import Running, born, remember
from tidemark.engine.server_state import ServerState

CHECK_EVERY = 15.0
"""Seconds between two checks. If a quarter of the idle time is less, that is used instead."""

ABANDONED = 60.0
"""Seconds after which an unused server ends if no file names it any more, because its home was removed."""


def start_watchdog(state: ServerState, server: Running, idle: float, log: Path) -> None:
    """Start a process that watches a server and ends with it. `idle` is in seconds."""
    command = [sys.executable, "-m", "tidemark.engine.watchdog", state.folder, server.pid, server.port, idle]
    with log.open("ab") as output:
        process = subprocess.Popen(
            [str(part) for part in command],
            stdin=subprocess.DEVNULL,
            stdout=output,
            stderr=output,
            cwd="/",
            start_new_session=True,
        )
    remember(state.watchdog_path, Running(process.pid))


def watch(state: ServerState, server: Running, idle: float) -> None:
    """End the server after `idle` seconds without use. Returns once the server has ended, for whatever reason."""
    birth = born(server.pid)
    asked, used = state.last_asked(), time.monotonic()
    while birth is not None and born(server.pid) == birth:
        time.sleep(min(CHECK_EVERY, idle / 4))
        if state.last_asked() != asked or is_connected(server):
            asked, used = state.last_asked(), time.monotonic()
        patience = idle if asked is not None else min(idle, ABANDONED)
        if time.monotonic() - used >= patience and _end_unused(state, server, asked):
            return


def _end_unused(state: ServerState, server: Running, asked: int | None) -> bool:
    """End the server unless a task has asked for it meanwhile; return whether it was ended."""
    with state.locked() if state.folder.exists() else contextlib.nullcontext():
        if state.last_asked() != asked or is_connected(server):
            return False
        print(f"ending Spark's Connect server, process {server.pid}: nobody uses it", flush=True)
        if state.server() == server:
            state.forget()
        end_server(server.pid)
        return True


def is_connected(server: Running) -> bool:
    """Return whether a client holds a connection to the server's port; true if that cannot be determined."""
    try:
        connections = psutil.Process(server.pid).net_connections(kind="tcp")
    except psutil.NoSuchProcess:
        return False
    except (psutil.Error, OSError):
        return True
    return any(
        connection.status == psutil.CONN_ESTABLISHED and connection.laddr.port == server.port
        for connection in connections
    )


def end_server(pid: int) -> None:
    """End a server and every process that it started, and wait until the server has ended."""
    for sign, patience in ((signal.SIGTERM, 15.0), (signal.SIGKILL, 5.0)):
        with contextlib.suppress(ProcessLookupError, PermissionError):
            os.killpg(pid, sign)
        until = time.monotonic() + patience
        while time.monotonic() < until:
            if born(pid) is None:
                return
            time.sleep(0.1)


if __name__ == "__main__":
    watch(ServerState(Path(sys.argv[1])), Running(int(sys.argv[2]), int(sys.argv[3])), float(sys.argv[4]))
