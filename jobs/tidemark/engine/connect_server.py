"""The local Spark Connect server of a home: started when first needed, found again, stopped.

One server serves all tasks. A state file names its process and port; a process that is gone, or whose id
belongs to another one since, counts as not running.
"""

from __future__ import annotations

import contextlib
import fcntl
import os
import signal
import subprocess
import sys
import time
from collections.abc import Iterator
from pathlib import Path
from urllib.parse import urlsplit

from tidemark.engine.loopback import answers, free_port, why_taken
from tidemark.engine.processes import Running, born, recall, remember
from tidemark.errors import EngineError
from tidemark.settings import CHECKOUT, Settings

START_TIMEOUT = 90.0
"""Seconds in which a Connect server has to answer; it takes about 6 on two cores."""

DEFAULT_PORT = 15002
"""Where a Connect server listens unless told otherwise."""

_EXTENSIONS = "org.apache.iceberg.spark.extensions.IcebergSparkSessionExtensions"
_SERVER = "org.apache.spark.sql.connect.service.SparkConnectServer"


def ensure_server(settings: Settings) -> str:
    """The address of a Connect server that answers, starting one where there is none."""
    if settings.spark_remote:
        return _check_remote(settings.spark_remote)
    running = running_server(settings)
    if running:
        return running
    with _lock(settings):
        return running_server(settings) or _start(settings)


def _check_remote(remote: str) -> str:
    """A given address, if something answers there; the client itself would wait for it for minutes."""
    try:
        address = urlsplit(remote)
        port = address.port or DEFAULT_PORT
    except ValueError as error:
        raise EngineError(f"TIDEMARK_SPARK_REMOTE: {remote[:80]!r} is no address ({error})") from error
    if address.scheme != "sc" or not address.hostname:
        raise EngineError(f"TIDEMARK_SPARK_REMOTE: {remote[:80]!r} is no address like sc://host:15002")
    if not answers(port, address.hostname):
        raise EngineError(f"no Spark Connect server answers at {remote}; start it, or leave TIDEMARK_SPARK_REMOTE out")
    return remote


def stop_server(settings: Settings) -> None:
    """Stop the home's Connect server and wait for its end; nothing to do where none runs."""
    known = recall(_state_file(settings))
    if known:
        _kill(known.pid)
    _state_file(settings).unlink(missing_ok=True)


def _kill(pid: int) -> None:
    for sign, patience in ((signal.SIGTERM, 15.0), (signal.SIGKILL, 5.0)):
        with contextlib.suppress(ProcessLookupError, PermissionError):
            os.killpg(pid, sign)
        until = time.monotonic() + patience
        while time.monotonic() < until:
            if born(pid) is None:
                return
            time.sleep(0.1)


def _state_file(settings: Settings) -> Path:
    return settings.run / "spark-connect.json"


def running_server(settings: Settings) -> str | None:
    """The address in the state file, if its process lives and its port answers."""
    known = recall(_state_file(settings))
    if known and known.port is not None and answers(known.port):
        return f"sc://127.0.0.1:{known.port}"
    return None


@contextlib.contextmanager
def _lock(settings: Settings) -> Iterator[None]:
    """Only one process starts a server."""
    settings.run.mkdir(parents=True, exist_ok=True)
    with (settings.run / "spark-connect.lock").open("w") as handle:
        fcntl.flock(handle, fcntl.LOCK_EX)
        yield


def _start(settings: Settings) -> str:
    port = _choose_port(settings)
    settings.logs.mkdir(parents=True, exist_ok=True)
    log = settings.logs / "spark-connect.log"
    with log.open("ab") as output:
        process = subprocess.Popen(
            _command(port, settings),
            stdin=subprocess.DEVNULL,
            stdout=output,
            stderr=output,
            start_new_session=True,
            cwd=settings.run,
            env=_environment(),
        )
    until = time.monotonic() + START_TIMEOUT
    while time.monotonic() < until:
        if process.poll() is not None:
            raise EngineError(
                f"Spark Connect server ended with status {process.returncode}; see {log}, and tidemark doctor"
            )
        if answers(port):
            remember(_state_file(settings), Running(process.pid, port))
            return f"sc://127.0.0.1:{port}"
        time.sleep(0.1)
    _kill(process.pid)
    raise EngineError(f"Spark Connect server did not answer on port {port} in {START_TIMEOUT:.0f} s; see {log}")


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


def _command(port: int, settings: Settings) -> list[str]:
    jars = find_jars()
    conf = {
        "spark.sql.extensions": _EXTENSIONS,
        "spark.connect.grpc.binding.address": "127.0.0.1",
        "spark.connect.grpc.binding.port": str(port),
        "spark.connect.grpc.maxInboundMessageSize": str(256 * 1024 * 1024),
        "spark.driver.bindAddress": "127.0.0.1",
        "spark.driver.host": "127.0.0.1",
        "spark.driver.extraJavaOptions": "-Duser.timezone=UTC",
        "spark.ui.enabled": "false",
        "spark.sql.session.timeZone": "UTC",
        "spark.sql.warehouse.dir": str(settings.run / "spark-warehouse"),
        "spark.local.dir": str(settings.run / "spark-tmp"),
        "spark.python.daemon.module": "tidemark.engine.python_daemon",
    }
    options = [part for key, value in conf.items() for part in ("--conf", f"{key}={value}")]
    submit = spark_home() / "bin" / "spark-submit"
    return [
        str(submit), "--master", "local[*]", "--driver-memory", settings.spark_memory, "--class", _SERVER,
        "--jars", ",".join(str(jar) for jar in jars), *options, "spark-internal",
    ]  # fmt: skip


def _environment() -> dict[str, str]:
    paths = [str(CHECKOUT / "jobs"), str(CHECKOUT), os.environ.get("PYTHONPATH", "")]
    java = java_home()
    return {
        **os.environ,
        "SPARK_HOME": str(spark_home()),
        "PYSPARK_PYTHON": sys.executable,
        "PYTHONPATH": os.pathsep.join(path for path in paths if path),
        **({"JAVA_HOME": str(java)} if java else {}),
    }


def spark_home() -> Path:
    """The folder of the installed Spark."""
    import pyspark

    return Path(pyspark.__file__).parent


def java_home() -> Path | None:
    """The Java that setup chose for this environment; None leaves it to JAVA_HOME and PATH."""
    chosen = Path(sys.prefix) / "share" / "tidemark" / "java-home"
    if os.environ.get("JAVA_HOME") or not chosen.exists():
        return None
    return Path(chosen.read_text(encoding="utf-8").strip())


def find_jars() -> list[Path]:
    """The Iceberg and JDBC jars beside the environment. Raises EngineError when they are missing."""
    folder = Path(os.environ.get("TIDEMARK_JARS") or Path(sys.prefix) / "share" / "tidemark" / "jars")
    jars = sorted(folder.glob("*.jar"))
    if not jars:
        raise EngineError(f"no Iceberg jars in {folder}; fetch them: make setup")
    return jars
