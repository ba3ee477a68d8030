"""How a Connect server is started: its command line, which holds no secret, and its environment."""

from __future__ import annotations

import os
import sys
from pathlib import Path

from tidemark.engine.living_servers import HOME_ARGUMENT, PORT_ARGUMENT, SERVER_CLASS
from tidemark.errors import EngineError
from tidemark.settings import CHECKOUT, Settings

TOKEN_VARIABLE = "SPARK_CONNECT_AUTHENTICATE_TOKEN"
"""Where Spark's server looks for the token that it asks of its clients; the environment is its owner's to read."""

_EXTENSIONS = "org.apache.iceberg.spark.extensions.IcebergSparkSessionExtensions"


def server_command(port: int, memory: str, settings: Settings) -> list[str]:
    """The command of a server on a port. `memory`: its heap, such as `3g`. Raises EngineError if a jar is missing."""
    conf = {
        "spark.sql.extensions": _EXTENSIONS,
        "spark.connect.grpc.binding.address": "127.0.0.1",
        "spark.connect.grpc.maxInboundMessageSize": str(256 * 1024 * 1024),
        # Spark's own ports, which run what they are sent, ask for a secret that Spark makes up.
        "spark.authenticate": "true",
        "spark.driver.bindAddress": "127.0.0.1",
        "spark.driver.host": "127.0.0.1",
        "spark.driver.extraJavaOptions": "-Duser.timezone=UTC",
        "spark.ui.enabled": "false",
        "spark.sql.session.timeZone": "UTC",
        "spark.sql.warehouse.dir": str(settings.run / "spark-warehouse"),
        "spark.local.dir": str(settings.run / "spark-tmp"),
        "spark.python.daemon.module": "tidemark.engine.python_daemon",
    }
    pairs = [f"{PORT_ARGUMENT}{port}", f"{HOME_ARGUMENT}{settings.home}", *(f"{k}={v}" for k, v in conf.items())]
    options = [part for pair in pairs for part in ("--conf", pair)]
    # On the class path a jar's path stays a path; in --jars it would become a pattern and a URI.
    jars = os.pathsep.join(str(jar) for jar in find_jars())
    return [
        str(spark_home() / "bin" / "spark-submit"), "--master", "local[*]", "--driver-memory", memory,
        "--driver-class-path", jars, "--class", SERVER_CLASS, *options, "spark-internal",
    ]  # fmt: skip


def server_environment(token: str) -> dict[str, str]:
    """The environment of a server, in which its token lies."""
    paths = [str(CHECKOUT / "jobs"), str(CHECKOUT), os.environ.get("PYTHONPATH", "")]
    java = java_home()
    return {
        **os.environ,
        TOKEN_VARIABLE: token,
        "SPARK_HOME": str(spark_home()),
        "PYSPARK_PYTHON": sys.executable,
        "PYTHONPATH": os.pathsep.join(path for path in paths if path),
        # Java takes the encoding of file names from the locale; in the locale C a path with an umlaut is not found.
        **({"LC_ALL": "C.UTF-8"} if sys.platform.startswith("linux") else {}),
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
    if os.pathsep in str(folder):
        raise EngineError(f"TIDEMARK_JARS: {folder} holds {os.pathsep}, which separates paths for Java; name another")
    return jars
