"""Small lakes in which it is known by construction which landed file each row comes from."""

from __future__ import annotations

import json
import os
import shutil
from collections.abc import Iterator, Mapping
from datetime import timedelta
from pathlib import Path
from typing import Any

import pytest

from ranking.training import gate
from tests.accounts.world import SCHEMAS, Accounts
from tests.record_accounts.logs import LogShop
from tests.steering.conftest import Shop
from tidemark import session
from tidemark.operate.origin.chain import Explanation, deliveries
from tidemark.settings import Settings, load_settings

OURS = Path(__file__).parent / "schemas"
Reached = set[tuple[str, str, tuple[int, ...], str]]


class Pairs(Shop):
    """A shop whose features come from pairs that are handed in."""

    def __init__(self, home: Path, remote: str) -> None:
        super().__init__(home, remote)
        shutil.copytree(OURS, home / "schemas", dirs_exist_ok=True)
        self.context = session.open_context(load_settings(self.env), self.clock)

    def hand_in(self, name: str, *items: str) -> None:
        """Write a file with a line for each item, all of the query `boots`."""
        file = self.context.settings.landing / "pairs" / name
        file.parent.mkdir(parents=True, exist_ok=True)
        common = {"application": "shop", "query": "boots", "seen_at": "2026-03-30T10:00:00Z"}
        file.write_text("".join(json.dumps({**common, "item_id": item}) + "\n" for item in items))
        os.utime(file, ((self.clock - timedelta(days=1)).timestamp(),) * 2)


@pytest.fixture
def pairs(home: Path, spark_remote: str, monkeypatch: pytest.MonkeyPatch) -> Iterator[Pairs]:
    """A home whose gate lets every ranker pass, as the command line finds it."""
    monkeypatch.setattr(gate, "MARGIN", 1.0)
    monkeypatch.setattr(gate, "GUARD", 1.0)
    found = Pairs(home, spark_remote)
    for name, value in found.env.items():
        monkeypatch.setenv(name, value)
    yield found
    found.context.lake.catalog.engine.dispose()


@pytest.fixture
def shop(home: Path, spark_remote: str) -> LogShop:
    """A home with the real specs of the search logs, from landing to interactions."""
    return LogShop(home, spark_remote)


@pytest.fixture
def accounts(home: Path, spark_remote: str) -> Iterator[Accounts]:
    """An empty lake of the accounts domain, whose landed rows do not name their files."""
    world = Accounts(Settings(home=home, schemas=SCHEMAS, spark_remote=spark_remote))
    yield world
    world.context.lake.catalog.engine.dispose()


def reached(found: Explanation) -> Reached:
    """Return the landed files at the ends of a chain: table, path, places, landing session."""
    ends = deliveries(found.row)
    return {(end.dataset, end.file.path, end.file.places, end.session) for end in ends}


def session_of(done: Mapping[str, Any], dataset: str) -> str:
    """Return the session of a dataset, of what `LogShop.run` returned."""
    return str(done[dataset].plan.session)
