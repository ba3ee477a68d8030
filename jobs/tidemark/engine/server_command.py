"""The command line of a Connect server, which contains no secret, and its environment."""

from __future__ import annotations

import os
import sys
from pathlib import Path

from tidemark.engine.running_servers import HOME_ARGUMENT, PORT_ARGUMENT, SERVER_CLASS
from tidemark.errors import EngineError
from tidemark.settings import CHECKOUT, Settings

TOKEN_VARIABLE = "SPARK_CONNECT_AUTHENTICATE_TOKEN"
"""The variable from which Spark's server takes the token of its clients. Only the owner can read the environment."""

DEFAULTS = Path(__file__).with_name("spark-conf")
"""The folder with Spark's settings for a server of a home, which SPARK_CONF_DIR replaces."""

_EXTENSIONS = "org.apache.iceberg.spark.extensions.IcebergSparkSessionExtensions"


def server_command(port: int, memory: str, settings: Settings) -> list[str]:
    """Return the command of a server on a port. `memory` is its heap, for example `3g`.

    Raises EngineError if the jars are missing.
    """
    conf = {
        "spark.sql.extensions": _EXTENSIONS,
        "spark.connect.grpc.binding.address": "127.0.0.1",
        "spark.connect.grpc.maxInboundMessageSize": str(256 * 1024 * 1024),
        # Spark's internal ports execute what they receive, so they require a secret, which Spark generates.
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
    # The class path takes a jar's path as it is; --jars would read it as a pattern and a URI.
    jars = os.pathsep.join(str(jar) for jar in find_jars())
    return [
        str(spark_home() / "bin" / "spark-submit"), "--master", "local[*]", "--driver-memory", memory,
        "--driver-class-path", jars, "--class", SERVER_CLASS, *options, "spark-internal",
    ]  # fmt: skip


def server_environment(token: str) -> dict[str, str]:
    """Return the environment of a server. It contains the token."""
    paths = [str(CHECKOUT / "jobs"), str(CHECKOUT), os.environ.get("PYTHONPATH", "")]
    java = java_home()
    return {
        "SPARK_CONF_DIR": str(DEFAULTS),
        **os.environ,
        TOKEN_VARIABLE: token,
        "SPARK_HOME": str(spark_home()),
        "PYSPARK_PYTHON": sys.executable,
        "PYTHONPATH": os.pathsep.join(path for path in paths if path),
        # Java takes the encoding of file names from the locale. In the locale C, a path with an umlaut is not found.
        **({"LC_ALL": "C.UTF-8"} if sys.platform.startswith("linux") else {}),
        **({"JAVA_HOME": str(java)} if java else {}),
    }


def spark_home() -> Path:
    """Return the folder of the installed Spark."""
    import pyspark

    return Path(pyspark.__file__).parent


def java_home() -> Path | None:
    """Return the Java that setup chose for this environment; None to use JAVA_HOME or PATH."""
    chosen = Path(sys.prefix) / "share" / "tidemark" / "java-home"
    if os.environ.get("JAVA_HOME") or not chosen.exists():
        return None
    return Path(chosen.read_text(encoding="utf-8").strip())


def find_jars() -> list[Path]:
    """Return the Iceberg and JDBC jars of the environment. Raises EngineError if there are none."""
    folder = Path(os.environ.get("TIDEMARK_JARS") or Path(sys.prefix) / "share" / "tidemark" / "jars")
    jars = sorted(folder.glob("*.jar"))
    if not jars:
        raise EngineError(f"no Iceberg jars in {folder}; fetch them with make setup")
    if os.pathsep in str(folder):
        raise EngineError(
            f"TIDEMARK_JARS: {folder} contains {os.pathsep}, which separates paths for Java; name another folder"
        )
    return jars
