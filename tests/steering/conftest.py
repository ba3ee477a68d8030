"""A home with the real specs of rankers, scores and decisions, over a small domain that gives them examples."""

from __future__ import annotations

import json
import os
import shutil
from collections.abc import Iterator
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

import pytest

from ranking.training import gate
from steering.decide import decide
from steering.registry import RANKERS, SCORES, Registry, read_registry, scores_now
from tests.conftest import CHECKOUT
from tidemark import session
from tidemark.settings import load_settings

OURS = Path(__file__).parent / "schemas"
REAL = ("example_splits", "rankers", "ranker_scores", "ranker_decisions", "judgments", "quarantined_records")
REASON = "buyers complained about it"
SETTINGS = """\
training:
  least_queries: 20
  least_examples: 100
  least_test_queries: 10
  random_split: false
  recipe: {rounds: 15, unwatched_rounds: 15, min_rows_in_leaf: 5}
"""


class Shop:
    """A home. `night` lands new examples and runs all sessions, as the nightly DAGs do."""

    def __init__(self, home: Path, remote: str) -> None:
        self.nights, self.said = 1, list[str]()  # the examples of night 1 are too few to train on
        self.clock = datetime(2026, 4, 1, 2, tzinfo=UTC)
        home.mkdir(exist_ok=True)
        shutil.copytree(OURS, home / "schemas")
        for name in REAL:
            shutil.copy2(CHECKOUT / "schemas" / f"{name}.yaml", home / "schemas")
        (home / "search.yaml").write_text(SETTINGS, encoding="utf-8")
        self.env = {
            "TIDEMARK_HOME": str(home),
            "TIDEMARK_SCHEMAS": str(home / "schemas"),
            "TIDEMARK_SPARK_REMOTE": remote,
        }
        self.context = session.open_context(load_settings(self.env), self.clock)

    def night(self, new: bool = True) -> dict[str, Any]:
        """Run a night, with new examples or the same again, and return the newest row of the registry."""
        self.later(days=1)
        self.nights += new
        file = self.context.settings.landing / "nights" / f"{self.clock:%m%d}.jsonl"
        file.parent.mkdir(parents=True, exist_ok=True)
        file.write_text(json.dumps({"night": self.nights, "began_at": self.clock.isoformat()}) + "\n")
        os.utime(file, ((self.clock - timedelta(hours=1)).timestamp(),) * 2)
        for name in session.dependency_order(dict(self.context.specs)):
            session.run(self.context, name, say=self.said.append)
        rows = self.context.lake.table(RANKERS).scan().to_arrow().to_pylist()
        return max(rows, key=lambda row: int(row["version"]))

    def decide(self, action: str, version: str | None = None, reason: str = REASON, hours: int = 1) -> Registry:
        """Decide something an hour later, by the user `ada`."""
        self.later(hours=hours)
        return decide(self.context, action, version, reason, "ada", self.said.append)[1]

    def later(self, **by: int) -> None:
        """Let time pass."""
        self.clock += timedelta(**by)
        self.context = session.open_context(self.context.settings, self.clock)

    @property
    def champion(self) -> str | None:
        """The model version of the champion."""
        run = read_registry(self.context.lake).standing.champion
        return run.model_version if run else None

    @property
    def served(self) -> tuple[str, str]:
        """The model version of the published scores, and why it is served."""
        found = scores_now(self.context.lake)
        assert found is not None, f"{SCORES} is empty"
        return found[:2]


@pytest.fixture
def shop(home: Path, spark_remote: str, monkeypatch: pytest.MonkeyPatch) -> Iterator[Shop]:
    """An empty shop whose gate lets every new ranker pass, so that only decisions and equal artifacts stop one."""
    monkeypatch.setattr(gate, "MARGIN", 1.0)
    monkeypatch.setattr(gate, "GUARD", 1.0)
    found = Shop(home, spark_remote)
    yield found
    found.context.lake.catalog.engine.dispose()
