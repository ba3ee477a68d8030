"""The accounts domain on an empty lake, on each catalog that settings can name."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from pathlib import Path

import pytest

from tests.accounts.world import SCHEMAS, Accounts
from tidemark.settings import Settings


@pytest.fixture(params=["sqlite", "postgres"])
def catalog_uri(request: pytest.FixtureRequest) -> str | None:
    """The setting that chooses the catalog: the embedded one, or a fresh database on a real Postgres."""
    if request.param == "sqlite":
        return None
    new_database: Callable[[], str] = request.getfixturevalue("postgres")
    return new_database()


@pytest.fixture
def accounts(home: Path, spark_remote: str, catalog_uri: str | None) -> Iterator[Accounts]:
    """An empty lake of the accounts domain, on a real catalog and a real engine."""
    world = Accounts(Settings(home=home, schemas=SCHEMAS, spark_remote=spark_remote, catalog_uri=catalog_uri))
    yield world
    world.context.lake.catalog.engine.dispose()
