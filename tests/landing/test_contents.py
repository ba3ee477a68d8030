"""Several sessions treat a file as the same if it has the same bytes and the same reader. Its first time counts."""

from __future__ import annotations

import json
import os
import re
import shutil
from collections.abc import Iterable
from dataclasses import replace
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

import pytest

from tests.landing.reading import query
from tidemark import session
from tidemark.catalog import ops
from tidemark.cli.main import main
from tidemark.lineage.publish_commit import watermark_of
from tidemark.settings import CHECKOUT, Settings, load_settings

pytestmark = [pytest.mark.loop, pytest.mark.spark]

CLOCK = datetime(2026, 4, 12, 12, tzinfo=UTC)
QUERIES, EVENTS, QUARANTINE = "search.search_queries", "search.search_events", "search.quarantined_records"
ITEMS, JUDGMENTS = "search.catalog_items", "search.judgments"
AN_ARCHIVES_TIME = datetime(1991, 1, 1, tzinfo=UTC)
GRADED = [
    {"user_query": "red shoes", "object_id": "i1", "grade": 3},
    {"user_query": "red shoes", "object_id": "i2", "grade": "very good"},
]


class Shop:
    """A home whose sessions run an hour apart."""

    def __init__(self, home: Path, remote: str, said: str) -> None:
        (home / "search.yaml").write_text(said, encoding="utf-8")
        env = {"TIDEMARK_HOME": str(home), "TIDEMARK_SPARK_REMOTE": remote}
        self.settings: Settings = load_settings(env)
        self.clock = CLOCK

    def put(self, path: str, records: Iterable[Any], at: datetime = CLOCK - timedelta(hours=2)) -> Path:
        target = self.settings.landing / path
        target.parent.mkdir(parents=True, exist_ok=True)
        target.write_text("".join(json.dumps(record) + "\n" for record in records), encoding="utf-8")
        os.utime(target, (at.timestamp(),) * 2)
        return target

    def run(self, *datasets: str) -> None:
        self.clock += timedelta(hours=1)
        context = session.open_context(self.settings, self.clock)
        for name in datasets:
            session.run(context, name, say=lambda line: None)

    def rows(self, dataset: str) -> list[dict[str, Any]]:
        table = session.open_context(self.settings, self.clock).lake.find_table(dataset)
        return [] if table is None else table.scan().to_arrow().to_pylist()


@pytest.fixture
def shop(home: Path, spark_remote: str) -> Shop:
    return Shop(home, spark_remote, "landing: {settling: 0s}\n")


def test_s27_a_file_whose_time_is_mended_between_two_sessions_loses_no_record(shop: Shop) -> None:
    """The file's time changes before the session of the quarantine runs."""
    file = shop.put("logs/a.jsonl", [query()], AN_ARCHIVES_TIME)
    shop.run(QUERIES, EVENTS)
    os.utime(file, (CLOCK.timestamp(),) * 2)
    shop.run(QUERIES, EVENTS, QUARANTINE)
    assert (len(shop.rows(QUERIES)), len(shop.rows(QUARANTINE))) == (0, 1)


def test_s27_a_copy_with_an_older_time_does_not_refuse_what_has_landed(shop: Shop) -> None:
    shop.put("logs/a.jsonl", [query()])
    shop.run(QUERIES, EVENTS)
    shop.put("logs/b.jsonl", [query()], AN_ARCHIVES_TIME)
    shop.run(QUERIES, EVENTS, QUARANTINE)
    assert (len(shop.rows(QUERIES)), len(shop.rows(QUARANTINE))) == (1, 0)


def test_s27_a_file_stamped_ahead_drags_no_completeness_along(
    home: Path, spark_remote: str, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    """A logger whose clock runs in 2036 stamps its records and its files alike."""
    shop = Shop(home, spark_remote, "landing: {settling: 0s, completeness: data}\n")
    shop.put("logs/good.jsonl", [query(query_id="q1")])
    ahead = [query(query_id="q2", timestamp="2036-01-01T07:00:00Z")]
    shop.put("logs/a.jsonl", ahead, datetime(2036, 1, 1, 8, tzinfo=UTC))
    shop.run(QUERIES, QUARANTINE)
    assert [row["query_id"] for row in shop.rows(QUERIES)] == ["q1"]
    assert len(shop.rows(QUARANTINE)) == 1
    mark = watermark_of(session.open_context(shop.settings, shop.clock).lake.table(QUERIES))
    assert mark is not None and mark.complete_through == datetime(2026, 4, 12, 8, tzinfo=UTC)
    for name, value in (("TIDEMARK_HOME", str(home)), ("TIDEMARK_SPARK_REMOTE", spark_remote)):
        monkeypatch.setenv(name, value)
    assert main(["sessions", QUERIES]) == 0
    assert "complete through 2026-04-12T08:00Z" in capsys.readouterr().out, "what was published, not what was planned"


def test_s29_a_file_that_lay_in_the_wrong_folder_lands_from_the_right_one(shop: Shop) -> None:
    file = shop.put("items/a.jsonl", GRADED)
    shop.run(ITEMS, JUDGMENTS, QUARANTINE)
    right = shop.settings.landing / "judgments" / "a.jsonl"
    right.parent.mkdir()
    file.rename(right)
    shop.run(ITEMS, JUDGMENTS, QUARANTINE)
    assert [row["item_id"] for row in shop.rows(JUDGMENTS)] == ["i1"]
    assert [row["place"] for row in shop.rows(QUARANTINE) if row["file_path"] == "judgments/a.jsonl"] == [2]


def test_s29_the_same_content_in_two_folders_is_refused_by_each(shop: Shop) -> None:
    for folder in ("items", "judgments"):
        shop.put(f"{folder}/a.jsonl", GRADED)
    shop.run(ITEMS, JUDGMENTS, QUARANTINE)
    shop.run(ITEMS, JUDGMENTS, QUARANTINE)
    assert [row["item_id"] for row in shop.rows(JUDGMENTS)] == ["i1"]
    refused = [(row["file_path"], row["place"]) for row in shop.rows(QUARANTINE)]
    assert ("judgments/a.jsonl", 2) in refused
    assert len(set(refused)) == len(refused)


def test_a_lake_whose_record_of_files_lacks_columns_is_taken_over(shop: Shop) -> None:
    """Rows that an older version wrote: what it landed does not land again."""
    shop.put("logs/a.jsonl", [query(query_id="q1")])
    shop.run(QUERIES)
    lake = session.open_context(shop.settings, shop.clock).lake
    with lake.table("ops.landed_files").update_schema(allow_incompatible_changes=True) as change:
        change.delete_column("table_uuid").delete_column("written_at")
    shop.put("logs/b.jsonl", [query(query_id="q2")])
    shop.run(QUERIES)
    assert sorted(row["query_id"] for row in shop.rows(QUERIES)) == ["q1", "q2"]
    assert sorted(row["table_uuid"] is None for row in ops.rows(lake, "ops.landed_files")) == [False, True]


def test_a_landing_folder_that_is_renamed_lands_no_file_twice(shop: Shop, tmp_path: Path) -> None:
    shop.put("logs/a.jsonl", [query(query_id="q1"), {"nonsense": 1}])
    shop.run(QUERIES, QUARANTINE)
    schemas = tmp_path / "schemas"
    shutil.copytree(CHECKOUT / "schemas", schemas)
    for name in ("search_queries", "search_events", "quarantined_records"):
        spec = schemas / f"{name}.yaml"
        spec.write_text(re.sub(r"\blogs([,\]])", r"search_logs\1", spec.read_text(encoding="utf-8")), encoding="utf-8")
    shop.settings = replace(shop.settings, schemas=schemas)
    (shop.settings.landing / "logs").rename(shop.settings.landing / "search_logs")
    shop.put("search_logs/b.jsonl", [query(query_id="q2")])

    shop.run(QUERIES, QUARANTINE)

    assert sorted(row["query_id"] for row in shop.rows(QUERIES)) == ["q1", "q2"]
    assert len(shop.rows(QUARANTINE)) == 1


def test_a_history_of_queries_alone_gives_impressions(home: Path, spark_remote: str) -> None:
    """If no events were logged, the returned items count as shown."""
    shop = Shop(home, spark_remote, "landing: {settling: 0s, completeness: data}\n")
    hits = [query(query_id=f"q{n}", timestamp=f"2026-04-1{n}T07:00:00Z") for n in range(2)]
    shop.put("logs/a.jsonl", hits)
    shop.run(QUERIES, EVENTS, "search.search_requests", "search.user_actions", "search.position_bases")
    shop.run("search.impressions")
    assert {row["query_id"] for row in shop.rows("search.impressions")} == {"q0", "q1"}


def test_a_plan_names_files_that_lie_where_nobody_looks(shop: Shop) -> None:
    shop.put("querys/a.jsonl", [query()])
    context = session.open_context(shop.settings, CLOCK)
    (note,) = [note for note in session.plan(context, QUERIES).notes if "querys" in note]
    assert "querys/a.jsonl; to land files, move them into" in note
