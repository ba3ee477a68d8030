"""A Connect server is found while it runs, and ends when nobody uses it."""

from __future__ import annotations

import os
import signal
import socket
import subprocess
import sys
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path

import psutil
import pytest

from tests.quick_servers import JAVA_OPTIONS
from tidemark.engine.connect_server import ensure_server, running_server, shown_address, stop_server
from tidemark.engine.processes import Running, born, recall
from tidemark.engine.running_servers import find_server
from tidemark.engine.server_state import ServerState
from tidemark.engine.session import open_session
from tidemark.engine.watchdog import start_watchdog
from tidemark.settings import CHECKOUT, Settings

pytestmark = pytest.mark.services

IDLE = 1.0
"""Seconds."""

PATIENCE = 120.0
"""Seconds within which an expected event happens, even on a busy machine."""

LISTEN = """
import socket, sys, time
server = socket.create_server(("127.0.0.1", 0))
print(server.getsockname()[1], flush=True)
held = []
while True:
    held.append(server.accept())
"""


def wait_until(happened: Callable[[], bool]) -> None:
    until = time.monotonic() + PATIENCE
    while not happened():
        assert time.monotonic() < until, "it did not happen"
        time.sleep(0.1)


@contextmanager
def listening() -> Iterator[Running]:
    """A process that accepts connections, in place of a server."""
    process = subprocess.Popen([sys.executable, "-c", LISTEN], stdout=subprocess.PIPE, start_new_session=True)
    with process:
        assert process.stdout is not None
        yield Running(process.pid, int(process.stdout.readline()))
        process.kill()


@pytest.fixture
def state(tmp_path: Path) -> ServerState:
    return ServerState(tmp_path / "run")


def watch(state: ServerState, server: Running, idle: float = IDLE) -> None:
    start_watchdog(state, server, idle, state.folder.parent / "log")


def has_ended(process: Running) -> Callable[[], bool]:
    return lambda: born(process.pid) is None


def watchdog(state: ServerState) -> Running:
    known = recall(state.watchdog_path)
    assert known is not None
    return known


def test_a_server_that_nobody_uses_ends_and_is_forgotten(state: ServerState) -> None:
    with listening() as server:
        state.record(server)
        state.new_token()
        watch(state, server)
        dog = watchdog(state)
        wait_until(has_ended(server))
        wait_until(has_ended(dog))
        assert state.server() is None
        assert not state.token_path.exists()


def test_a_server_with_a_client_does_not_end(state: ServerState) -> None:
    with listening() as server, listening() as other:
        state.record(server)
        with socket.create_connection(("127.0.0.1", server.port or 0)):
            watch(state, server)
            # Meanwhile three servers without a client end, one after the other.
            for _ in range(3):
                with listening() as unused:
                    others = ServerState(state.folder / str(unused.pid))
                    others.record(unused)
                    watch(others, unused)
                    wait_until(has_ended(unused))
            assert born(server.pid) is not None
        assert born(other.pid) is not None
        wait_until(has_ended(server))


def test_a_server_that_is_asked_for_again_and_again_does_not_end(state: ServerState) -> None:
    with listening() as server, listening() as unused:
        state.record(server)
        others = ServerState(state.folder / "unused")
        others.record(unused)
        watch(state, server, 2 * IDLE)
        watch(others, unused, 2 * IDLE)

        def asked_until_the_other_ended() -> bool:
            state.mark_asked()
            return born(unused.pid) is None

        wait_until(asked_until_the_other_ended)
        assert born(server.pid) is not None
        wait_until(has_ended(server))


def test_a_server_whose_home_was_removed_ends(state: ServerState, tmp_path: Path) -> None:
    with listening() as server:
        state.record(server)
        watch(state, server, 3 * IDLE)
        state.path.unlink()
        state.watchdog_path.unlink()
        (state.folder / "spark-connect.lock").unlink(missing_ok=True)
        state.folder.rmdir()
        wait_until(has_ended(server))
        assert not state.folder.exists(), "and its folder is not made again"


def test_a_watchdog_ends_with_its_server(state: ServerState) -> None:
    with listening() as server:
        state.record(server)
        watch(state, server, idle=600.0)
        dog = watchdog(state)
        os.killpg(server.pid, signal.SIGKILL)
        wait_until(has_ended(dog))


START_AND_DIE = """
import os, signal, sys, threading
from pathlib import Path
from tidemark.engine.server_state import ServerState
from tidemark.engine.session import ensure_server
from tidemark.settings import Settings

home = Path(sys.argv[1])
state = ServerState(home / "run")

def die():
    while state.server() is None:
        pass
    os.kill(os.getpid(), signal.SIGKILL)

threading.Thread(target=die, daemon=True).start()
ensure_server(Settings(home=home, schemas=home, spark_memory="1g"))
"""


@pytest.fixture
def home_server(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Iterator[Settings]:
    """A home that starts its own server, and ends it afterwards."""
    monkeypatch.setenv("JAVA_TOOL_OPTIONS", JAVA_OPTIONS)
    monkeypatch.delenv("TIDEMARK_SPARK_REMOTE", raising=False)
    home = tmp_path / "a home; it's [ü] {a+b} a:b & c=d"
    home.mkdir()
    settings = Settings(home=home, schemas=tmp_path, spark_memory="1g")
    yield settings
    stop_server(settings)


@pytest.mark.spark
def test_a_server_whose_starter_was_killed_is_found_used_watched_and_ended(home_server: Settings) -> None:
    state = ServerState(home_server.run)
    env = {**os.environ, "PYTHONPATH": f"{CHECKOUT / 'jobs'}:{CHECKOUT}", "LC_ALL": "C"}
    killed = subprocess.run([sys.executable, "-c", START_AND_DIE, str(home_server.home)], env=env, check=False)
    assert killed.returncode == -signal.SIGKILL
    left = state.server()
    assert left is not None

    address = ensure_server(home_server)
    assert state.server() == left, "no other server was started"
    assert shown_address(address) == running_server(home_server) == f"sc://127.0.0.1:{left.port}"
    session = open_session(address, {})
    assert session.range(3).count() == 3
    _no_port_takes_a_stranger(left, address)

    # No file names the server; it is found by its arguments.
    os.kill(watchdog(state).pid, signal.SIGKILL)
    wait_until(lambda: recall(state.watchdog_path) is None)
    state.path.unlink()
    assert find_server(home_server.home) == left
    assert ensure_server(home_server) == address
    assert state.server() == left
    assert born(watchdog(state).pid) is not None, "it has a watchdog again"

    watch(state, left)
    assert session.range(3).count() == 3
    session.stop()
    wait_until(has_ended(left))


def _no_port_takes_a_stranger(server: Running, address: str) -> None:
    """The server listens only on loopback, Spark's internal ports require a secret, and no argument contains it."""
    listens = [c for c in psutil.Process(server.pid).net_connections() if c.status == psutil.CONN_LISTEN]
    assert {c.laddr.ip.removeprefix("::ffff:") for c in listens} == {"127.0.0.1"}
    arguments = psutil.Process(server.pid).cmdline()
    assert "spark.authenticate=true" in arguments
    assert address.partition("token=")[2] not in " ".join(arguments)
