"""The Python daemon of a Spark session ends by itself, but not while it has a worker."""

from __future__ import annotations

import os
import socket
import struct
import subprocess
import sys
import time
from collections.abc import Iterator
from pathlib import Path

import pytest

from tidemark.settings import CHECKOUT

LOOK_EVERY = 0.2
SERVE = f"from tidemark.engine.python_daemon import serve; serve({LOOK_EVERY})"


@pytest.fixture
def daemon() -> Iterator[subprocess.Popen[bytes]]:
    env = {**os.environ, "PYTHON_WORKER_FACTORY_SECRET": "secret", "PYTHONPATH": str(CHECKOUT / "jobs")}
    command = [sys.executable, "-c", SERVE, "pyspark.worker"]
    pipe = subprocess.PIPE
    with subprocess.Popen(command, env=env, stdin=pipe, stdout=pipe, stderr=pipe) as process:
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


IN_A_PROCESS_OF_ITS_OWN = """
import json, sys
from pathlib import Path
from tidemark.settings import Settings
from tidemark.engine.session import connect, stop_server
home = Path(sys.argv[1])
settings = Settings(home=home, schemas=home)
assert connect(settings).range(3).mapInArrow(lambda batches: batches, "id bigint").count() == 3
server = json.loads((home / "run" / "spark-connect.json").read_text(encoding="utf-8"))["pid"]
for listed in Path(f"/proc/{server}/task").glob("*/children"):
    for child in listed.read_text(encoding="utf-8").split():
        print(Path(f"/proc/{child}/cmdline").read_text(encoding="utf-8").replace("\\0", " "))
stop_server(settings)
"""


@pytest.mark.spark
@pytest.mark.usefixtures("quick_servers")
def test_the_home_s_server_uses_it(tmp_path: Path) -> None:
    """In a process of its own: a client whose server was stopped serves no other test."""
    env = {name: value for name, value in os.environ.items() if name != "TIDEMARK_SPARK_REMOTE"}
    env["PYTHONPATH"] = f"{CHECKOUT / 'jobs'}:{CHECKOUT}"
    command = [sys.executable, "-c", IN_A_PROCESS_OF_ITS_OWN, str(tmp_path)]
    done = subprocess.run(command, env=env, capture_output=True, text=True, timeout=300, check=True)
    daemons = [line.strip() for line in done.stdout.splitlines() if "daemon" in line]
    assert daemons == [f"{sys.executable} -m tidemark.engine.python_daemon pyspark.worker"]
