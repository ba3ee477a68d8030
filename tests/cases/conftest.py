"""One Spark session for all data cases."""

from __future__ import annotations

from collections.abc import Iterator

import pytest
from pyspark.sql import SparkSession


@pytest.fixture(scope="session")
def spark(spark_remote: str) -> Iterator[SparkSession]:
    """A session without a catalog: transforms read and write nothing."""
    session: SparkSession = SparkSession.builder.remote(spark_remote).create()
    session.conf.set("spark.sql.session.timeZone", "UTC")
    session.conf.set("spark.sql.shuffle.partitions", "2")
    # A few rows each: compiling the plans would take longer than running them.
    session.conf.set("spark.sql.codegen.wholeStage", "false")
    yield session
    session.stop()
