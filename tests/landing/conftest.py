"""A landing folder for each test."""

from __future__ import annotations

from pathlib import Path

import pytest

from tests.landing.reading import Landing
from tidemark.settings import load_settings


@pytest.fixture
def landing(tmp_path: Path) -> Landing:
    """An empty landing folder with the checkout's settings and specs. Files land without settling."""
    home = tmp_path / "home"
    home.mkdir()
    (home / "search.yaml").write_text("landing: {settling: 0m, longest_line: 100000}\n")
    return Landing(load_settings({"TIDEMARK_HOME": str(home)}))
