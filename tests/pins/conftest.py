"""The accounts domain with the chain of nights on top."""

from __future__ import annotations

import shutil
from collections.abc import Iterator
from pathlib import Path

import pytest

from tests.accounts.world import SCHEMAS, Accounts
from tests.pins.nights import Nights
from tidemark.settings import Settings

OURS = Path(__file__).parent / "schemas"


@pytest.fixture
def nights(home: Path, tmp_path: Path, spark_remote: str) -> Iterator[Nights]:
    """An empty lake with the chain, on a real catalog and a real engine."""
    schemas = tmp_path / "schemas"
    shutil.copytree(SCHEMAS, schemas)
    shutil.copytree(OURS, schemas, dirs_exist_ok=True)
    world = Accounts(Settings(home=home, schemas=schemas, spark_remote=spark_remote))
    yield Nights(world)
    world.context.lake.catalog.engine.dispose()
