"""Fixtures: lakes on which processes are killed. Each lake is made once for all tests."""

from __future__ import annotations

from collections.abc import Callable

import pytest

from tests.kill.lakes import Template, templates
from tests.kill.worlds import WORLDS


@pytest.fixture(scope="session")
def template(tmp_path_factory: pytest.TempPathFactory, spark_remote: str) -> Callable[[str], Template]:
    """Return the function that gives the template of a world's lake."""
    return templates(tmp_path_factory.mktemp("kill"), spark_remote, WORLDS)


@pytest.fixture
def catalog(request: pytest.FixtureRequest) -> Callable[[str], str | None]:
    """Return the function that gives the address of a new catalog of a kind; None for the embedded one."""

    def fresh(kind: str) -> str | None:
        if kind == "sqlite":
            return None
        new_database: Callable[[], str] = request.getfixturevalue("postgres")
        return new_database()

    return fresh
