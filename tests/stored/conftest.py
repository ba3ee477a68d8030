"""Each lake in the repository, laid down in a home of its own."""

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
    """A lake that was laid down, and what the version that wrote it said of it."""

    home: Path
    held: Holdings

    @property
    def half_done(self) -> dict[str, HalfDone]:
        """The sessions that are half done, by dataset."""
        return read_half_done(self.held)


def pytest_generate_tests(metafunc: pytest.Metafunc) -> None:
    """Each test of a kind of lake, once a version that wrote one."""
    for kind in ("accounts", "search"):
        if f"{kind}_archive" in metafunc.fixturenames:
            found = sorted(LAKES.glob(f"*-{kind}.tar.xz"))
            metafunc.parametrize(f"{kind}_archive", found, ids=lambda path: path.name.partition("-")[0])


@pytest.fixture
def lay_down(home: Path) -> Callable[[Path], Stored]:
    """Lays an archive down in the test's home."""

    def lay(archive: Path) -> Stored:
        unpack(archive, home)
        return Stored(home, read_holdings(home))

    return lay


@pytest.fixture
def stored_accounts(accounts_archive: Path, lay_down: Callable[[Path], Stored]) -> Stored:
    """A lake of the accounts domain."""
    return lay_down(accounts_archive)


@pytest.fixture
def stored_search(search_archive: Path, lay_down: Callable[[Path], Stored]) -> Stored:
    """A lake of the search domain."""
    return lay_down(search_archive)
