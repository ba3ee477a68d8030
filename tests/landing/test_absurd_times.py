"""Records dated 2099, at the epoch or not at all are quarantined and do not move the completeness."""

from __future__ import annotations

import json
import os
from datetime import UTC, datetime, timedelta
from pathlib import Path

import pytest

from tests.landing.reading import query
from tidemark import session
from tidemark.lineage.publish_commit import watermark_of
from tidemark.settings import load_settings

CLOCK = datetime(2026, 4, 12, 12, tzinfo=UTC)
QUERIES, QUARANTINE = "search.search_queries", "search.quarantined_records"


@pytest.mark.loop
@pytest.mark.spark
def test_s27_what_has_no_place_in_time_is_quarantined_and_drags_nothing_along(home: Path, spark_remote: str) -> None:
    (home / "search.yaml").write_text("landing: {completeness: data}\n", encoding="utf-8")
    context = session.open_context(
        load_settings({"TIDEMARK_HOME": str(home), "TIDEMARK_SPARK_REMOTE": spark_remote}), CLOCK
    )
    file = context.settings.landing / "logs" / "a.jsonl"
    file.parent.mkdir(parents=True)
    times = ["2026-04-12T07:15:00Z", "2099-01-01T00:00:00Z", 0, None]
    records = [query(query_id=f"q{n}", timestamp=time) for n, time in enumerate(times)]
    file.write_text("".join(json.dumps(record) + "\n" for record in records), encoding="utf-8")
    os.utime(file, (CLOCK.timestamp() - 7200,) * 2)

    for dataset in (QUERIES, QUARANTINE):
        session.run(context, dataset, say=lambda line: None)

    landed, refused = (context.lake.table(name).scan().to_arrow().to_pylist() for name in (QUERIES, QUARANTINE))
    assert [row["query_id"] for row in landed] == ["q0"]
    reasons = {row["place"]: row["reason"] for row in refused}
    assert reasons.keys() == {2, 3, 4}
    assert "in the future: 2099" in reasons[2]
    assert "before 1990-01-01" in reasons[3]
    assert "missing" in reasons[4]
    mark = watermark_of(context.lake.table(QUERIES))
    assert mark is not None
    assert mark.complete_through == mark.final_through == datetime(2026, 4, 12, 8, tzinfo=UTC)


@pytest.mark.loop
@pytest.mark.spark
def test_s27_a_record_that_one_session_refused_is_refused_by_those_that_run_later(
    home: Path, spark_remote: str
) -> None:
    settings = load_settings({"TIDEMARK_HOME": str(home), "TIDEMARK_SPARK_REMOTE": spark_remote})
    file = settings.landing / "logs" / "a.jsonl"
    file.parent.mkdir(parents=True)
    file.write_text(json.dumps(query(timestamp="2026-04-13T12:30:00Z")) + "\n", encoding="utf-8")
    os.utime(file, (CLOCK.timestamp() - 3600,) * 2)

    for dataset, later in ((QUERIES, 0), (QUERIES, 1), (QUARANTINE, 1)):
        context = session.open_context(settings, CLOCK + timedelta(hours=later))
        session.run(context, dataset, say=lambda line: None)

    landed, refused = (context.lake.table(name).scan().to_arrow() for name in (QUERIES, QUARANTINE))
    assert (landed.num_rows, refused["place"].to_pylist()) == (0, [1])
