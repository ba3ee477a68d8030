"""The random world, and every dataset of it built once in full."""

from __future__ import annotations

from collections.abc import Iterator

import pytest
from pyspark.sql import SparkSession

from tests.ranking_a.world import World


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


@pytest.fixture(scope="session")
def world(spark: SparkSession, tmp_path_factory: pytest.TempPathFactory) -> World:
    """Five weeks of random logs and what follows from them."""
    return World.build(spark, tmp_path_factory.mktemp("home"))
