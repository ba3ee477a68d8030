"""Fixtures shared by all tests: one Connect server for the whole run, one empty home a test."""

from __future__ import annotations

import contextlib
import os
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import TYPE_CHECKING

import pytest

from tests.postgres import new_database, serving
from tests.quick_servers import quick_environment
from tidemark.engine.session import ensure_server, open_session, stop_server
from tidemark.settings import Settings, load_settings

if TYPE_CHECKING:
    from pyspark.sql import SparkSession

CHECKOUT = Path(__file__).resolve().parents[1]


def pytest_collection_modifyitems(items: list[pytest.Item]) -> None:
    """Put the files that need an engine first. The short ones at the end then keep all workers busy to the last."""
    engine = {item.path for item in items if item.get_closest_marker("spark")}
    items.sort(key=lambda item: item.path not in engine)


@contextlib.contextmanager
def quick_to_start(folder: Path) -> Iterator[None]:
    """Let the servers that are started meanwhile compile little code. `folder` takes their settings."""
    with pytest.MonkeyPatch.context() as patch:
        for name, value in quick_environment(folder).items():
            patch.setenv(name, value)
        yield


@pytest.fixture
def quick_servers(tmp_path_factory: pytest.TempPathFactory) -> Iterator[None]:
    """For a test that starts servers of its own."""
    with quick_to_start(tmp_path_factory.mktemp("conf")):
        yield


@pytest.fixture(scope="session")
def spark_remote(tmp_path_factory: pytest.TempPathFactory) -> Iterator[str]:
    """The address of a Connect server: the one in TIDEMARK_SPARK_REMOTE, else one for this run."""
    given = os.environ.get("TIDEMARK_SPARK_REMOTE")
    if given:
        yield given
        return
    settings = Settings(home=tmp_path_factory.mktemp("server"), schemas=CHECKOUT / "schemas")
    with quick_to_start(settings.home):
        remote = ensure_server(settings)
    yield remote
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
    conf = {"spark.sql.session.timeZone": "UTC", "spark.sql.shuffle.partitions": "2"}
    session = open_session(spark_remote, conf)
    yield session
    session.stop()
