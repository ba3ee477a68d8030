"""The accounts domain on an empty lake."""

from __future__ import annotations

from pathlib import Path

import pytest

from tests.accounts.world import SCHEMAS, Accounts
from tidemark.settings import Settings


@pytest.fixture
def accounts(home: Path, spark_remote: str) -> Accounts:
    """An empty lake of the accounts domain, on a real catalog and a real engine."""
    return Accounts(Settings(home=home, schemas=SCHEMAS, spark_remote=spark_remote))
