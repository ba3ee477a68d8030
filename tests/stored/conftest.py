"""Fixtures that unpack each stored lake into a new home."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path

import pytest

from tests.stored.archives import LAKES, unpack
from tests.stored.half_done import HalfDone
from tests.stored.holdings import Holdings, read_half_done, read_holdings


@dataclass(frozen=True)
class Stored:
    """An unpacked lake, and its description by the version that wrote it."""

    home: Path
    held: Holdings

    @property
    def half_done(self) -> dict[str, HalfDone]:
        """The unfinished sessions by dataset."""
        return read_half_done(self.held)


def pytest_generate_tests(metafunc: pytest.Metafunc) -> None:
    """Run each test once for each version that wrote a lake of its kind."""
    for kind in ("accounts", "search"):
        if f"{kind}_archive" in metafunc.fixturenames:
            found = sorted(LAKES.glob(f"*-{kind}.tar.xz"))
            metafunc.parametrize(f"{kind}_archive", found, ids=lambda path: path.name.partition("-")[0])


@pytest.fixture
def lay_down(home: Path) -> Callable[[Path], Stored]:
    """A function that unpacks an archive into the home of the test."""

    def lay(archive: Path) -> Stored:
        unpack(archive, home)
        return Stored(home, read_holdings(home))

    return lay


@pytest.fixture
def stored_accounts(accounts_archive: Path, lay_down: Callable[[Path], Stored]) -> Stored:
    """An unpacked lake of the accounts domain."""
    return lay_down(accounts_archive)


@pytest.fixture
def stored_search(search_archive: Path, lay_down: Callable[[Path], Stored]) -> Stored:
    """An unpacked lake of the search domain."""
    return lay_down(search_archive)
