"""The accounts domain on the embedded catalog of an empty lake."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

import pytest

from tests.accounts.world import SCHEMAS, Accounts
from tidemark.settings import Settings


@pytest.fixture
def accounts(home: Path, spark_remote: str) -> Iterator[Accounts]:
    """An empty lake of the accounts domain, on a real catalog and a real engine."""
    world = Accounts(Settings(home=home, schemas=SCHEMAS, spark_remote=spark_remote))
    yield world
    world.context.lake.catalog.engine.dispose()
