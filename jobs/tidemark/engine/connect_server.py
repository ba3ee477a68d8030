"""Start, find and stop the local Spark Connect server of a home.

One server serves all tasks of a home. It is started when it is first needed. A state file names its process and port.
If the process has ended, or if its id now belongs to another process, the server counts as not running. A server that
no file names is found by its command line.
"""

from __future__ import annotations

import subprocess
import sys
import time
from collections.abc import Callable
from pathlib import Path
from urllib.parse import urlsplit

from tidemark.engine.heap import GIB, MIB, choose_heap, read_memory
from tidemark.engine.processes import Running, born, recall
from tidemark.engine.running_servers import find_server, running_servers
from tidemark.engine.server_command import server_command, server_environment
from tidemark.engine.server_state import ServerState
from tidemark.engine.watchdog import end_server, start_watchdog
from tidemark.errors import EngineError
from tidemark.settings import Settings
from tidemark.support.loopback import free_port, is_listening, why_taken

START_TIMEOUT = 90.0
"""Seconds within which a Connect server must answer. It takes about 6 on two cores."""

DEFAULT_PORT = 15002
"""The default port of a Connect server."""


def ensure_server(settings: Settings) -> str:
    """Return the address of a Connect server that answers, with its token. If none runs, start one.

    To show the address to people, use `shown_address`. Raises EngineError if no server answers and none can be started.
    """
    if settings.spark_remote:
        return _check_remote(settings.spark_remote)
    state = ServerState(settings.run)
    with state.locked(shared=True):
        known = _answering(state)
        if known is not None:
            return _address_for_use(state, known, settings)
    with state.locked():
        server = _answering(state) or _find_and_wait(state, settings) or _start(state, settings)
        return _address_for_use(state, server, settings)


def shown_address(address: str) -> str:
    """Return an address without its parameters, one of which is the token."""
    return address.partition(";")[0].rstrip("/")


def running_server(settings: Settings) -> str | None:
    """Return the address of the home's server without the token; None if the server does not run or does not answer."""
    known = _answering(ServerState(settings.run))
    return None if known is None else f"sc://127.0.0.1:{known.port}"


def stop_server(settings: Settings) -> None:
    """Stop the home's Connect server and its watchdog, and wait until they have ended. Do nothing if none runs."""
    state = ServerState(settings.run)
    known = state.server() or find_server(settings.home)
    if known is not None:
        end_server(known.pid)
    watchdog = recall(state.watchdog_path)
    if watchdog is not None:
        end_server(watchdog.pid)
    state.watchdog_path.unlink(missing_ok=True)
    state.forget()


def _check_remote(remote: str) -> str:
    """Return the configured address if something listens there. Raises EngineError otherwise.

    Without this check, the client would wait for the server for minutes.
    """
    try:
        address = urlsplit(remote)
        port = address.port or DEFAULT_PORT
    except ValueError:
        raise EngineError("TIDEMARK_SPARK_REMOTE: cannot be read; write an address like sc://host:15002") from None
    shown = shown_address(remote)[:80]
    if address.scheme != "sc" or not address.hostname:
        raise EngineError(f"TIDEMARK_SPARK_REMOTE: {shown!r} is not an address; write one like sc://host:15002")
    if not is_listening(port, address.hostname):
        raise EngineError(f"no Spark Connect server answers at {shown}; start it, or unset TIDEMARK_SPARK_REMOTE")
    return remote


def _answering(state: ServerState) -> Running | None:
    """Return the server that the state file names; None if it does not answer."""
    known = state.server()
    return known if known is not None and known.port is not None and is_listening(known.port) else None


def _find_and_wait(state: ServerState, settings: Settings) -> Running | None:
    """Return a running server that does not answer yet, or that no file names, once it answers.

    Such a server is left if the process that started it was killed. If it never answers, end it and return None.
    """
    known = state.server() or find_server(settings.home)
    if known is None or known.port is None:
        return None
    if not _wait_for(known, lambda: born(known.pid) is None):
        end_server(known.pid)
        return None
    state.record(known)
    return known


def _address_for_use(state: ServerState, server: Running, settings: Settings) -> str:
    """Return the address of a server with its token. Record that it is in use, and start a missing watchdog."""
    state.mark_asked()
    if recall(state.watchdog_path) is None:
        settings.logs.mkdir(parents=True, exist_ok=True)
        start_watchdog(state, server, settings.spark_idle.total_seconds(), _log(settings))
    token = state.token()
    return f"sc://127.0.0.1:{server.port}/" + (f";token={token}" if token else "")


def _start(state: ServerState, settings: Settings) -> Running:
    port, memory = _choose_port(settings), settings.spark_memory or _choose_memory(settings)
    command = server_command(port, memory, settings)
    settings.logs.mkdir(parents=True, exist_ok=True)
    log, idle = _log(settings), settings.spark_idle.total_seconds()
    launch = [sys.executable, "-m", "tidemark.engine.launch", str(state.folder), str(log), str(port), str(idle)]
    with log.open("ab") as output:
        process = subprocess.Popen(
            [*launch, *command],
            stdin=subprocess.DEVNULL,
            stdout=output,
            stderr=output,
            start_new_session=True,
            cwd=settings.run,
            env=server_environment(state.new_token()),
        )
    server = Running(process.pid, port)
    if _wait_for(server, lambda: process.poll() is not None):
        return server
    if process.poll() is not None:
        state.forget()
        raise EngineError(
            f"the Spark Connect server ended with status {process.returncode}; see {log}, and run tidemark doctor"
        )
    end_server(process.pid)
    raise EngineError(f"the Spark Connect server did not answer on port {port} within {START_TIMEOUT:.0f} s; see {log}")


def _wait_for(server: Running, has_ended: Callable[[], bool]) -> bool:
    """Wait until a server answers. Returns false if it ends first, or if it does not answer within START_TIMEOUT."""
    until = time.monotonic() + START_TIMEOUT
    while server.port is not None and time.monotonic() < until:
        if has_ended():
            return False
        if is_listening(server.port):
            return True
        time.sleep(0.1)
    return False


def _log(settings: Settings) -> Path:
    return settings.logs / "spark-connect.log"


def _choose_port(settings: Settings) -> int:
    """Return a free port for our server. Raises EngineError if the configured port is taken.

    If the port were not checked, a foreign process that listens on it would be mistaken for our server.
    """
    if settings.spark_port is None:
        return free_port()
    why = why_taken(settings.spark_port)
    if why is not None:
        raise EngineError(
            f"TIDEMARK_SPARK_PORT: port {settings.spark_port} on 127.0.0.1 is not free ({why}); "
            f"name another one, or unset the variable to use any free port"
        )
    return settings.spark_port


def _choose_memory(settings: Settings) -> str:
    """Return the heap that the machine's memory and its other servers allow. Raises EngineError if none fits."""
    memory, others = read_memory(), list(running_servers())
    heap = choose_heap(memory, [other.memory for other in others])
    if heap is None:
        homes = ", ".join(str(other.home) for other in others if other.home is not None)
        raise EngineError(
            f"{settings.home}: {memory.available / GIB:.1f} GiB of memory are free, too little for a Spark server. "
            + (f"Servers run for {homes}; stop one (make stop TIDEMARK_HOME=...), " if homes else "Free some memory, ")
            + "or start one anyway with TIDEMARK_SPARK_MEMORY=1g"
        )
    return f"{heap // MIB}m"
