"""A small search lake, built by the loop, in a folder with the layout of a checkout after `make run`."""

from __future__ import annotations

import json
import os
import subprocess
import sys
from dataclasses import dataclass
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import pytest

from tests.quick_servers import quick_environment
from tidemark import session
from tidemark.engine.session import find_jars, java_home
from tidemark.operate.releases import write_release
from tidemark.settings import Settings, load_settings
from tidemark.steps.context import Context

CHAIN = (
    "search.search_queries",
    "search.search_events",
    "search.search_requests",
    "search.user_actions",
    "search.impressions",
    "search.interactions",
)
HOME = "landing: {settling: 0s, completeness: data}\n"


@dataclass(frozen=True)
class Reader:
    """A reader's folder, which contains `.tidemark` and `.venv/share/tidemark/jars`, and the context of the lake."""

    folder: Path
    context: Context

    def run(self, snippet: str) -> str:
        """Run a snippet in a separate process, as README.md says, and return its output."""
        return self._call([sys.executable, "-c", snippet])

    def pyiceberg(self, *arguments: str) -> str:
        """Run PyIceberg's command line and return its output."""
        return self._call([str(Path(sys.executable).parent / "pyiceberg"), *arguments])

    def _call(self, command: list[str]) -> str:
        java = java_home()
        env = {
            key: value for key, value in os.environ.items() if not key.startswith(("TIDEMARK", "SPARK", "PYTHONPATH"))
        }
        env |= {"PYICEBERG_HOME": ".tidemark", "COLUMNS": "200"} | ({"JAVA_HOME": str(java)} if java else {})
        env |= quick_environment(self.folder / "conf")
        done = subprocess.run(
            command, cwd=self.folder, env=env, capture_output=True, text=True, timeout=180, check=False
        )
        assert done.returncode == 0, done.stderr[-3000:]
        return done.stdout


@pytest.fixture(scope="session")
def reader(tmp_path_factory: pytest.TempPathFactory, spark_remote: str) -> Reader:
    """A released lake with the interactions of two requests: four items shown, one clicked. A third is held back."""
    folder = tmp_path_factory.mktemp("reader")
    home = folder / ".tidemark"
    home.mkdir()
    (home / "search.yaml").write_text(HOME)
    _link_jars(folder / ".venv" / "share" / "tidemark" / "jars")
    settings = load_settings({"TIDEMARK_HOME": str(home), "TIDEMARK_SPARK_REMOTE": spark_remote})
    _land(settings)
    context = session.open_context(settings, datetime(2026, 4, 14, tzinfo=UTC))
    for dataset in CHAIN:
        session.run(context, dataset, say=lambda _: None)
    assert write_release(context, CHAIN[-1]).written
    return Reader(folder, context)


def _link_jars(folder: Path) -> None:
    folder.mkdir(parents=True)
    for jar in find_jars():
        (folder / jar.name).symlink_to(jar)


def _land(settings: Settings) -> None:
    logs = settings.landing / "logs" / "shop.jsonl"
    logs.parent.mkdir(parents=True)
    records = [
        _query("q1", "red shoes"),
        _query("q2", "blue hat"),
        _query("q3", "cap", day=13),
        _click("q1", "red shoes", "i1"),
    ]
    logs.write_text("".join(json.dumps(record) + "\n" for record in records))


def _query(query_id: str, text: str, day: int = 12) -> dict[str, Any]:
    return {
        "application": "shop",
        "query_id": query_id,
        "client_id": "c1",
        "user_query": text,
        "query_response_id": f"r-{query_id}",
        "query_response_hit_ids": ["i1", "i2"],
        "timestamp": f"2026-04-{day}T07:15:00Z",
    }


def _click(query_id: str, text: str, item: str) -> dict[str, Any]:
    return {
        "application": "shop",
        "action_name": "click",
        "query_id": query_id,
        "client_id": "c1",
        "user_query": text,
        "timestamp": "2026-04-12T07:16:00Z",
        "event_attributes": {"object": {"object_id": item, "object_id_field": "id"}, "position": {"ordinal": 1}},
    }
