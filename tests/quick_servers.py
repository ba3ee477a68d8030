"""Settings for Spark servers that live for minutes, over a few rows.

Compiling code well, and planning each stage of a query anew, would take longer than it gives back.
"""

from __future__ import annotations

import shutil
from pathlib import Path

from tidemark.engine.server_command import DEFAULTS

JAVA_OPTIONS = "-XX:TieredStopAtLevel=1 -XX:ReservedCodeCacheSize=512m -XX:+UseSerialGC"
SPARK_DEFAULTS = """\
spark.buffer.pageSize 1m
spark.sql.adaptive.enabled false
spark.sql.codegen.factoryMode NO_CODEGEN
spark.sql.codegen.wholeStage false
spark.sql.shuffle.partitions 1
"""


def quick_environment(folder: Path) -> dict[str, str]:
    """Return the variables with which Spark compiles little code. `folder` takes Spark's settings."""
    folder.mkdir(parents=True, exist_ok=True)
    (folder / "spark-defaults.conf").write_text(SPARK_DEFAULTS, encoding="utf-8")
    shutil.copy(DEFAULTS / "log4j2.properties", folder)
    return {"JAVA_TOOL_OPTIONS": JAVA_OPTIONS, "SPARK_CONF_DIR": str(folder)}
