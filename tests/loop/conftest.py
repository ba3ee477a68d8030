"""The accounts domain on an empty lake, on each catalog that settings can name.

A test runs on the embedded catalog. Modules about what the catalog itself decides (commits, races, locks,
deaths between two commits) are marked `both_catalogs` and run on Postgres too. CATALOGS=all runs every test on both,
but for those marked `embedded_catalog`, which are about the file that holds it.
"""

from __future__ import annotations

import os
from collections.abc import Callable, Iterator
from pathlib import Path

import pytest

from tests.accounts.world import SCHEMAS, Accounts
from tidemark.settings import PostgresAddress, Settings

BOTH = ("sqlite", "postgres")
EMBEDDED = BOTH[:1]


def pytest_generate_tests(metafunc: pytest.Metafunc) -> None:
    """Run each test that opens a lake once for each catalog."""
    if "catalog_uri" in metafunc.fixturenames:
        metafunc.parametrize("catalog_uri", _catalogs(metafunc.definition), indirect=True)


def _catalogs(test: pytest.Item) -> tuple[str, ...]:
    asked = os.environ.get("CATALOGS", "")
    if asked not in ("", "all"):
        raise pytest.UsageError(f"CATALOGS={asked[:40]!r}: say all, or leave it out")
    if test.get_closest_marker("embedded_catalog"):
        return EMBEDDED
    return BOTH if asked or test.get_closest_marker("both_catalogs") else EMBEDDED


@pytest.fixture
def catalog_uri(request: pytest.FixtureRequest) -> str | None:
    """The setting that chooses the catalog: the embedded one, or a new database on a real Postgres."""
    if request.param == "sqlite":
        return None
    new_database: Callable[[], str] = request.getfixturevalue("postgres")
    return new_database()


@pytest.fixture
def accounts(home: Path, spark_remote: str, catalog_uri: str | None) -> Iterator[Accounts]:
    """An empty lake of the accounts domain, on a real catalog and a real engine."""
    address = PostgresAddress.parse(catalog_uri) if catalog_uri else None
    world = Accounts(Settings(home=home, schemas=SCHEMAS, spark_remote=spark_remote, catalog_address=address))
    yield world
    world.context.lake.catalog.engine.dispose()


@pytest.fixture
def command_line(accounts: Accounts, monkeypatch: pytest.MonkeyPatch) -> None:
    """Let the command line work on the lake of the test."""
    settings = accounts.settings
    monkeypatch.setenv("TIDEMARK_HOME", str(settings.home))
    monkeypatch.setenv("TIDEMARK_SCHEMAS", str(SCHEMAS))
    monkeypatch.setenv("TIDEMARK_SPARK_REMOTE", str(settings.spark_remote))
    monkeypatch.setenv(
        "TIDEMARK_CATALOG_URI", settings.catalog_address.for_pyiceberg() if settings.catalog_address else ""
    )
