"""Fixtures shared by all tests: one Connect server for the whole run, one empty home a test."""

from __future__ import annotations

import os
from collections.abc import Callable, Iterator
from pathlib import Path

import pytest
from pyspark.sql import SparkSession

from tests.postgres import new_database, serving
from tidemark.settings import Settings, load_settings
from tidemark.spark import ensure_server, stop_server

CHECKOUT = Path(__file__).resolve().parents[1]


@pytest.fixture(scope="session")
def spark_remote(tmp_path_factory: pytest.TempPathFactory) -> Iterator[str]:
    """The address of a Connect server: the one in TIDEMARK_SPARK_REMOTE, else one for this run."""
    given = os.environ.get("TIDEMARK_SPARK_REMOTE")
    if given:
        yield given
        return
    settings = Settings(home=tmp_path_factory.mktemp("server"), schemas=CHECKOUT / "schemas")
    yield ensure_server(settings)
    stop_server(settings)


@pytest.fixture(scope="session")
def postgres() -> Iterator[Callable[[], str]]:
    """Makes catalogs on a real Postgres: each call gives the address of a fresh database."""
    with serving() as address:
        yield lambda: new_database(address)


@pytest.fixture
def home(tmp_path: Path) -> Path:
    """An empty TIDEMARK_HOME."""
    folder = tmp_path / "home"
    folder.mkdir()
    return folder


@pytest.fixture
def settings(home: Path, spark_remote: str) -> Settings:
    """Settings of the checkout's own specs, with an empty home."""
    return load_settings({"TIDEMARK_HOME": str(home), "TIDEMARK_SPARK_REMOTE": spark_remote})


@pytest.fixture(scope="session")
def spark(spark_remote: str) -> Iterator[SparkSession]:
    """A session without a catalog, for transforms: they read and write nothing."""
    session: SparkSession = SparkSession.builder.remote(spark_remote).create()
    session.conf.set("spark.sql.session.timeZone", "UTC")
    session.conf.set("spark.sql.shuffle.partitions", "2")
    # A few rows each: compiling the plans would take longer than running them.
    session.conf.set("spark.sql.codegen.wholeStage", "false")
    yield session
    session.stop()
