"""One small world for all tests of the demo."""

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
    """A home with three weeks of a twentieth of the traffic. Read only."""
    home = tmp_path_factory.mktemp("world")
    make(home, {"scale": 0.05}, DAYS, END)
    return home


@pytest.fixture(scope="session")
def small_world(small_home: Path) -> World:
    """What world.json of `small_home` says."""
    return make(small_home, {})


@pytest.fixture(scope="session")
def small_records(small_home: Path) -> list[dict[str, Any]]:
    """All readable log records of `small_home`, in one form; unreadable ones are left out."""
    return [r for path in log_files(small_home) for r in readable(path)]
