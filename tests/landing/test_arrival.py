"""The arrival of records from delivered history: what lands first in a home arrived at its event time."""

from __future__ import annotations

import json
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

import pytest

from tests.landing.reading import GRADE
from tidemark import session
from tidemark.settings import Settings, load_settings

pytestmark = [pytest.mark.spark, pytest.mark.loop]
CLOCK = datetime(2026, 4, 12, 9, tzinfo=UTC)
JUDGED = datetime(2026, 3, 1, tzinfo=UTC)
EPOCH = datetime(1970, 1, 1, tzinfo=UTC)


def settings_of(home: Path, spark_remote: str, completeness: str) -> Settings:
    (home / "search.yaml").write_text(f"landing: {{settling: 0s, completeness: {completeness}}}\n")
    return load_settings({"TIDEMARK_HOME": str(home), "TIDEMARK_SPARK_REMOTE": spark_remote})


def hand_in(settings: Settings, name: str, later: int, **changes: Any) -> None:
    folder = settings.landing / "judgments"
    folder.mkdir(parents=True, exist_ok=True)
    (folder / name).write_text(json.dumps({**GRADE, "judged_at": JUDGED.isoformat(), **changes}) + "\n")
    land(settings, later)


def land(settings: Settings, later: int) -> None:
    context = session.open_context(settings, CLOCK + timedelta(hours=later))
    session.run(context, "search.judgments", say=lambda _: None)


def arrivals(settings: Settings) -> dict[str, datetime]:
    table = session.open_context(settings, CLOCK).lake.table("search.judgments")
    found = table.scan(selected_fields=("source", "arrived_at")).to_arrow().to_pylist()
    return {row["source"]: row["arrived_at"] for row in found}


def test_the_first_judgments_of_a_history_arrived_when_they_were_made(home: Path, spark_remote: str) -> None:
    """Judgments may come after the logs: earlier sessions had no judgments to land."""
    settings = settings_of(home, spark_remote, "data")
    land(settings, later=0)
    (settings.landing / "judgments").mkdir(parents=True)
    (settings.landing / "judgments" / "undated.jsonl").write_text(json.dumps(GRADE) + "\n")
    hand_in(settings, "first.jsonl", later=1)
    hand_in(settings, "second.jsonl", later=2, grade=2)
    assert arrivals(settings) == {"first": JUDGED, "undated": EPOCH, "second": CLOCK + timedelta(hours=2)}


def test_judgments_of_a_home_where_logs_flow_arrive_when_they_land(home: Path, spark_remote: str) -> None:
    settings = settings_of(home, spark_remote, "clock")
    hand_in(settings, "first.jsonl", later=1)
    assert arrivals(settings) == {"first": CLOCK + timedelta(hours=1)}
