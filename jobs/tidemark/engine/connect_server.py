"""The local Spark Connect server of a home: started when first needed, found again, stopped.

One server serves all tasks of a home. A state file names its process and port; a process that is gone, or whose id
belongs to another one since, counts as not running. A server that no file names is found by its arguments.
"""

from __future__ import annotations

import subprocess
import sys
import time
from pathlib import Path
from urllib.parse import urlsplit

from tidemark.engine.heap import GIB, MIB, choose_heap, read_memory
from tidemark.engine.living_servers import find_server, living_servers
from tidemark.engine.loopback import free_port, is_listening, why_taken
from tidemark.engine.processes import Running, born, recall
from tidemark.engine.server_command import server_command, server_environment
from tidemark.engine.server_state import ServerState
from tidemark.engine.watchdog import end_server, start_watchdog
from tidemark.errors import EngineError
from tidemark.settings import Settings

START_TIMEOUT = 90.0
"""Seconds in which a Connect server has to answer; it takes about 6 on two cores."""

DEFAULT_PORT = 15002
"""Where a Connect server listens unless told otherwise."""


def ensure_server(settings: Settings) -> str:
    """The address of a Connect server that answers, its token included; one is started if there is none.

    For people, show `shown_address` of it. Raises EngineError if none answers and none can be started.
    """
    if settings.spark_remote:
        return _check_remote(settings.spark_remote)
    state = ServerState(settings.run)
    with state.locked(shared=True):
        known = _answering(state)
        if known is not None:
            return _use(state, known, settings)
    with state.locked():
        return _use(state, _answering(state) or _find(state, settings) or _start(state, settings), settings)


def shown_address(address: str) -> str:
    """An address without its parameters, among which the token is."""
    return address.partition(";")[0].rstrip("/")


def running_server(settings: Settings) -> str | None:
    """The address, without the token, of the home's server; None if its process is gone or its port does not answer."""
    known = _answering(ServerState(settings.run))
    return None if known is None else f"sc://127.0.0.1:{known.port}"


def stop_server(settings: Settings) -> None:
    """Stop the home's Connect server and wait for its end; nothing to do where none runs."""
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
    """A given address, if something answers there; the client itself would wait for it for minutes."""
    try:
        address = urlsplit(remote)
        port = address.port or DEFAULT_PORT
    except ValueError:
        raise EngineError("TIDEMARK_SPARK_REMOTE: no host and port, as in sc://host:15002, can be read") from None
    shown = shown_address(remote)[:80]
    if address.scheme != "sc" or not address.hostname:
        raise EngineError(f"TIDEMARK_SPARK_REMOTE: {shown!r} is no address like sc://host:15002")
    if not is_listening(port, address.hostname):
        raise EngineError(f"no Spark Connect server answers at {shown}; start it, or leave TIDEMARK_SPARK_REMOTE out")
    return remote


def _answering(state: ServerState) -> Running | None:
    known = state.server()
    return known if known is not None and known.port is not None and is_listening(known.port) else None


def _find(state: ServerState, settings: Settings) -> Running | None:
    """A server that lives and does not answer yet, or that no file names: whoever started it may have been killed."""
    known = state.server() or find_server(settings.home)
    if known is None or known.port is None:
        return None
    if not _wait_for(known):
        end_server(known.pid)
        return None
    state.record(known)
    return known


def _use(state: ServerState, server: Running, settings: Settings) -> str:
    """The address of a server that answers, which from now on counts as asked for, and has its watchdog."""
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
    if _wait_for(server):
        return server
    if process.poll() is not None:
        state.forget()
        raise EngineError(
            f"Spark Connect server ended with status {process.returncode}; see {log}, and tidemark doctor"
        )
    end_server(process.pid)
    raise EngineError(f"Spark Connect server did not answer on port {port} in {START_TIMEOUT:.0f} s; see {log}")


def _wait_for(server: Running) -> bool:
    """Wait until a server answers; false if it ends before, or takes too long."""
    until = time.monotonic() + START_TIMEOUT
    while server.port is not None and time.monotonic() < until:
        if born(server.pid) is None:
            return False
        if is_listening(server.port):
            return True
        time.sleep(0.1)
    return False


def _log(settings: Settings) -> Path:
    return settings.logs / "spark-connect.log"


def _choose_port(settings: Settings) -> int:
    """Where our server can listen: whoever answers at a taken port would else pass for it."""
    if settings.spark_port is None:
        return free_port()
    why = why_taken(settings.spark_port)
    if why is not None:
        raise EngineError(
            f"TIDEMARK_SPARK_PORT: port {settings.spark_port} on 127.0.0.1 is not free ({why}); "
            f"name another, or leave it out: then a free one is taken"
        )
    return settings.spark_port


def _choose_memory(settings: Settings) -> str:
    """The heap that the machine's memory allows, beside the other servers on it."""
    memory, others = read_memory(), list(living_servers())
    heap = choose_heap(memory, [other.memory for other in others])
    if heap is None:
        homes = ", ".join(str(other.home) for other in others if other.home is not None)
        raise EngineError(
            f"{settings.home}: {memory.available / GIB:.1f} GiB of memory are free, too few for a Spark server. "
            + (f"Servers run for {homes}; end one: make stop TIDEMARK_HOME=..., " if homes else "Free some, ")
            + "or start one all the same: TIDEMARK_SPARK_MEMORY=1g"
        )
    return f"{heap // MIB}m"
