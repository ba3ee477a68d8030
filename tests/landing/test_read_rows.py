"""Parsing on Spark workers."""

from __future__ import annotations

import shutil
from pathlib import Path
from typing import Any

import pytest
from pyspark.sql import DataFrame

from tests.landing.reading import CHECKOUT, LANDED, Landing, event, query
from tidemark.engine.session import connect
from tidemark.landing import read_rows
from tidemark.landing.reading import split_files
from tidemark.settings import load_settings
from tidemark.state.effect import AppendFiles

pytestmark = pytest.mark.spark


@pytest.fixture
def landing(home: Path, tmp_path: Path, spark_remote: str) -> Landing:
    schemas = tmp_path / "schemas"
    schemas.mkdir()
    for name in LANDED:
        shutil.copy(CHECKOUT / "schemas" / f"{name}.yaml", schemas)
    (home / "search.yaml").write_text("landing: {settling: 0m}\n")
    env = {
        "TIDEMARK_HOME": str(home),
        "TIDEMARK_SPARK_REMOTE": spark_remote,
        "TIDEMARK_SCHEMAS": str(schemas),
    }
    return Landing(load_settings(env))


def read(landing: Landing, name: str) -> DataFrame:
    spec = landing.spec(name)
    plan = landing.plan_of(name, AppendFiles(landing.discover(spec.name)))
    return read_rows(connect(landing.settings), landing.settings, spec, plan)


def rows(landing: Landing, name: str) -> list[dict[str, Any]]:
    return sorted(read(landing, name).toArrow().to_pylist(), key=lambda row: (row["file_path"], row["place"]))


def test_spark_gives_what_a_worker_gives(landing: Landing) -> None:
    landing.put("logs/a.jsonl", [query(), event(), "broken\n"])
    landing.put("queries/2026-04-12T06/b.jsonl.gz", [query(query_id="q2")])
    landing.put("judgments/c.qrels", "301 0 d1 3\n302 0 d2 high\n")
    landing.put("items/d.jsonl", [{"object_id": "i1", "price": 3}])
    pair = {"user_query": "a", "object_id": "i1", "logged_at": "2026-04-01", "features": {"bm25": 1.5}}
    landing.put("feature_log/e.jsonl", [pair])
    for name in LANDED:
        frame = read(landing, name)
        assert frame.columns == list(landing.spec(name).columns)
        expected = sorted(landing.rows(name), key=lambda row: (row["file_path"], row["place"]))
        assert rows(landing, name) == expected, name
    assert len(rows(landing, "quarantined_records")) == 2


def test_no_new_file_is_no_row(landing: Landing) -> None:
    assert rows(landing, "search_queries") == []


def test_many_small_files_are_read_in_few_tasks(landing: Landing) -> None:
    for n in range(300):
        landing.put(f"logs/2026-04-12T0{n % 8}/part-{n}.jsonl", [query(query_id=f"q{n}"), event()])
    files = landing.discover("search_queries")
    assert len(files) == 300
    assert len(split_files(files, cores=2)) <= 16
    assert len({row["query_id"] for row in rows(landing, "search_queries")}) == 300


def test_a_file_that_changed_after_it_was_planned_stops_the_session(landing: Landing) -> None:
    path = landing.put("logs/a.jsonl", [query()])
    frame = read(landing, "search_queries")
    path.write_text("{}")
    with pytest.raises(Exception, match=r"logs/a.jsonl: changed after it was planned; run the session again from init"):
        frame.toArrow()
