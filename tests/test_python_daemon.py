"""Spark's Python daemon of a session ends by itself, but not while it has a worker."""

from __future__ import annotations

import json
import os
import socket
import struct
import subprocess
import sys
import time
from collections.abc import Iterator
from pathlib import Path

import pytest

from tests.accounts.world import SCHEMAS
from tidemark.connect_server import stop_server
from tidemark.settings import CHECKOUT, Settings
from tidemark.spark import connect

LOOK_EVERY = 0.2
SERVE = f"from tidemark.python_daemon import serve; serve({LOOK_EVERY})"


@pytest.fixture
def daemon() -> Iterator[subprocess.Popen[bytes]]:
    env = {**os.environ, "PYTHON_WORKER_FACTORY_SECRET": "secret", "PYTHONPATH": str(CHECKOUT / "jobs")}
    command = [sys.executable, "-c", SERVE, "pyspark.worker"]
    pipes = {"stdin": subprocess.PIPE, "stdout": subprocess.PIPE, "stderr": subprocess.PIPE}
    with subprocess.Popen(command, env=env, **pipes) as process:
        yield process
        process.kill()


def test_a_daemon_without_workers_ends_and_one_with_a_worker_goes_on(daemon: subprocess.Popen[bytes]) -> None:
    assert daemon.stdout is not None
    port = struct.unpack("!i", daemon.stdout.read(4))[0]
    with socket.create_connection(("127.0.0.1", port)) as worker:
        assert struct.unpack("!i", worker.recv(4))[0] > 0, "a worker was forked"
        time.sleep(5 * LOOK_EVERY)
        assert daemon.poll() is None
    daemon.wait(timeout=60)


@pytest.mark.spark
def test_the_home_s_server_uses_it(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.delenv("TIDEMARK_SPARK_REMOTE", raising=False)
    settings = Settings(home=tmp_path, schemas=SCHEMAS)
    try:
        rows = connect(settings).range(3).mapInArrow(lambda batches: batches, "id bigint")
        assert rows.count() == 3
        server = json.loads((tmp_path / "run" / "spark-connect.json").read_text(encoding="utf-8"))["pid"]
        daemons = [command for command in _children(server) if "daemon" in command]
        assert daemons == [f"{sys.executable}\0-m\0tidemark.python_daemon\0pyspark.worker\0"]
    finally:
        stop_server(settings)


def _children(pid: int) -> Iterator[str]:
    """The command lines of a process' children."""
    for listed in Path(f"/proc/{pid}/task").glob("*/children"):
        for child in listed.read_text(encoding="utf-8").split():
            yield Path(f"/proc/{child}/cmdline").read_text(encoding="utf-8", errors="replace")
