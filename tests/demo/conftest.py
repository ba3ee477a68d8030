"""One small demo world, which all tests of the demo share."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import pytest

from infra.demo.state import World
from infra.demo.world import make
from tests.demo import DAYS, END
from tests.demo.reading import log_files, readable


@pytest.fixture(scope="session")
def small_home(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A home with three weeks of a twentieth of the traffic. Tests must not change it."""
    home = tmp_path_factory.mktemp("world")
    make(home, {"scale": 0.05}, DAYS, END)
    return home


@pytest.fixture(scope="session")
def small_world(small_home: Path) -> World:
    """The world of `small_home`."""
    return make(small_home, {})


@pytest.fixture(scope="session")
def small_records(small_home: Path) -> list[dict[str, Any]]:
    """All readable log records of `small_home`, in the form that `readable` yields."""
    return [r for path in log_files(small_home) for r in readable(path)]
