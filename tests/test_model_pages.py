"""The pages about rankers are written from a lake: the newest report, its own name, and all rankers over time."""

from __future__ import annotations

import json
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import pyarrow as pa
import pytest

from ranking.report.nightly import render_pages
from tests.learning.test_morning_report import changed
from tests.learning.test_report import row
from tidemark.catalog import Lake, open_lake
from tidemark.operate.pages import PageReader, newest_row, write_pages
from tidemark.settings import CHECKOUT, Settings, load_settings
from tidemark.spec.load import load_specs


@pytest.fixture
def settings(tmp_path: Path) -> Settings:
    return Settings(home=tmp_path, schemas=CHECKOUT / "schemas")


def add(lake: Lake, dataset: str, rows: list[dict[str, Any]]) -> None:
    """Append rows to the table of a spec."""
    spec = load_specs(CHECKOUT / "schemas", load_settings({}).values)[dataset]
    table = lake.ensure_table(spec)
    schema = table.schema().as_arrow()
    table.append(pa.Table.from_pylist([{name: one.get(name) for name in schema.names} for one in rows], schema))


def test_without_a_ranker_no_page_is_written(settings: Settings) -> None:
    assert write_pages(settings, render_pages) == "no row yet, so no page is written"
    assert not settings.reports.exists()


def test_each_night_adds_a_report_and_renews_the_current_one_and_the_history(settings: Settings) -> None:
    lake = open_lake(settings)
    add(lake, "ranking.rankers", [row(), row(model_version="r2", version=2, told={"changes": changed()})])
    item = {"application": "shop", "record_id": "1", "file_id": "f", "file_path": "p", "place": 1, "item_id": "i1"}
    item |= {"attributes": json.dumps({"title": "Red boots"}), "dated": True}
    item |= dict.fromkeys(("arrived_at", "valid_from"), datetime(2026, 4, 1, tzinfo=UTC))
    add(lake, "search.catalog_items", [item])

    said = write_pages(settings, render_pages)
    folder = settings.reports / "models"
    assert said.startswith("3 pages: ")
    assert {path.name for path in folder.iterdir()} == {"index.html", "r2.html", "rankers.html"}
    assert "Red boots (i1)" in (folder / "index.html").read_text()
    assert "r1.html" not in (folder / "rankers.html").read_text(), "ranker 1 has no page"

    add(lake, "ranking.rankers", [row(model_version="r3", version=3)])
    write_pages(settings, render_pages)
    assert (folder / "index.html").read_text() == (folder / "r3.html").read_text()
    assert 'href="r2.html"' in (folder / "r3.html").read_text()
    assert 'href="r2.html"' in (folder / "rankers.html").read_text()


def test_a_reader_finds_rows_by_a_value_and_none_without_a_table(settings: Settings) -> None:
    lake = open_lake(settings)
    reader = PageReader(lake, settings.reports)
    assert reader.rows("ranking.rankers") == reader.newest("ranking.rankers", "version") == []
    add(lake, "ranking.rankers", [row(), row(model_version="r2", version=2)])
    assert reader.rows_with("ranking.rankers", "version", [2, 9], ("model_version",)) == [{"model_version": "r2"}]
    assert reader.rows_with("ranking.rankers", "version", [], ("model_version",)) == []
    assert newest_row(lake, "ranking.rankers", ("model_version",)) == {"model_version": "r2"}
