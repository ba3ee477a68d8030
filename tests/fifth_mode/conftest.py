"""Fixtures that register the fifth mode during a test, and the accounts domain with a dataset of that mode."""

from __future__ import annotations

import shutil
from collections.abc import Iterator
from pathlib import Path

import pytest

from tests.accounts.world import SCHEMAS, Accounts
from tests.fifth_mode import latest
from tidemark.modes import MODES
from tidemark.settings import Settings


@pytest.fixture(autouse=True)
def listed(monkeypatch: pytest.MonkeyPatch) -> None:
    """Register the mode, as one line in `tidemark/modes/__init__.py` would."""
    monkeypatch.setitem(MODES, latest.MODE.name, latest.MODE)


@pytest.fixture
def accounts(home: Path, tmp_path: Path, spark_remote: str, listed: None) -> Iterator[Accounts]:
    """An empty lake of the accounts domain, with a dataset of the plan that each account chose last."""
    schemas = tmp_path / "schemas"
    shutil.copytree(SCHEMAS, schemas)
    shutil.copy(Path(__file__).parent / "schemas" / "latest_plans.yaml", schemas)
    world = Accounts(Settings(home=home, schemas=schemas, spark_remote=spark_remote))
    yield world
    world.context.lake.catalog.engine.dispose()
