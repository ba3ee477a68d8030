"""A home whose tables are published by hand, named in the environment as services and commands find it."""

from __future__ import annotations

from pathlib import Path

import pytest

from tests.waits.tables import Tables


@pytest.fixture
def tables(home: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Tables:
    """An empty lake. Airflow, where a test imports it, gets a home of its own."""
    monkeypatch.setenv("TIDEMARK_HOME", str(home))
    monkeypatch.setenv("AIRFLOW_HOME", str(tmp_path / "airflow"))
    return Tables(home)
