"""Labels as files of other tools: what they hold, that our own landing reads them back, and what is refused."""

from __future__ import annotations

import csv
import json
from datetime import date, timedelta
from pathlib import Path
from typing import Any

import pyarrow as pa
import pytest

from ranking.logs import judgments
from steering.label_export import LABELS
from tests.conftest import CHECKOUT
from tidemark.catalog import Lake, open_lake
from tidemark.cli.main import main
from tidemark.settings import load_settings
from tidemark.spec.load import load_specs

NEWEST = date(2026, 4, 9)
GRADES = {("red shoes", "a"): 3.6, ("red shoes", "b"): 0.4, ('"wide" boots, size 9', "c"): 2.5}
"""The labels of the newest cut. People graded the second."""


def row(query: str, item: str, grade: float, cut: date = NEWEST, **more: Any) -> dict[str, Any]:
    fixed = {"confidence": 0.5, "evidence": 9, "clicks": 1, "long_clicks": 1, "examination": 4.0, "rate": 0.2}
    kept = {"application": "shop", "source": "behaviour", "human_grades": 0, "exam": False, "calibrator_version": "v"}
    window = {"window_start": cut - timedelta(days=28), "window_end": cut, "known_day": cut}
    return {**fixed, **kept, **window, "query": query, "item_id": item, "grade": grade, **more}


@pytest.fixture
def lake(home: Path, monkeypatch: pytest.MonkeyPatch) -> Lake:
    """A lake with the labels of two cuts of a shop."""
    monkeypatch.setenv("TIDEMARK_HOME", str(home))
    found = open_lake(load_settings())
    add(found, *(row(*pair, grade) for pair, grade in GRADES.items() if pair[1] != "b"))
    add(found, row("red shoes", "b", 0.4, source="both", human_grades=2, human_grade=0.0))
    add(found, row("red shoes", "a", 1.0, NEWEST - timedelta(days=7)))
    add(found, row("exam", "a", 4.0, source="prior", exam=True, human_grades=1, human_grade=4.0))
    return found


def add(lake: Lake, *rows: dict[str, Any]) -> None:
    spec = load_specs(CHECKOUT / "schemas", lake.settings.values)[LABELS]
    table = lake.ensure_table(spec)
    table.append(pa.Table.from_pylist(list(rows), schema=table.schema().as_arrow()))


def export(tmp_path: Path, *options: str) -> Path:
    out = tmp_path / "out" / "labels.txt"
    assert main(["labels", "export", "--out", str(out), *options]) == 0
    return out


def read_back(records: list[dict[str, Any]]) -> dict[tuple[str, str], float]:
    """Return the grades that landing reads from the records, by query and item."""
    place = {"settings": {"handed_in": {"applications": ["shop"]}}, "file_path": "labels.txt"}
    known = {**place, "file": judgments.parse_file(records, place)}
    rows = [parsed for record in records for _, parsed in judgments.parse(record, known)]
    return {(row["query"], row["item_id"]): row["grade"] for row in rows}


def test_a_judgment_list_of_opensearch_is_read_back_as_it_was(
    lake: Lake, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    value = json.loads(export(tmp_path, "--as", "opensearch").read_text(encoding="utf-8"))

    assert capsys.readouterr().out.startswith("3 labels of 2 queries of shop, cut 2026-04-09\n  ")
    assert (value["name"], value["type"]) == ("shop, labels of 2026-04-09", "IMPORT_JUDGMENT")
    assert value["judgmentRatings"][1] == {
        "query": "red shoes",
        "ratings": [{"docId": "a", "rating": "3.600"}, {"docId": "b", "rating": "0.400"}],
    }
    records = judgments.parse_document(value)
    assert records is not None
    assert read_back([dict(record) for record in records]) == GRADES


def test_a_table_for_quepid_has_whole_ratings_and_is_read_back(lake: Lake, tmp_path: Path) -> None:
    lines = export(tmp_path, "--as", "csv").read_text(encoding="utf-8").splitlines()
    assert lines[0] == "query,docid,rating"
    assert list(csv.reader(lines))[1] == ['"wide" boots, size 9', "c", "3"]
    reader = judgments.parse_text()
    records = [dict(record) for line in lines if (record := reader(line)) is not None]
    assert read_back(records) == {pair: int(grade + 0.5) for pair, grade in GRADES.items()}


def test_qrels_number_the_queries_and_say_which_is_which(lake: Lake, tmp_path: Path) -> None:
    out = export(tmp_path, "--as", "qrels")
    assert out.read_text(encoding="utf-8") == "1 0 c 3\n2 0 a 4\n2 0 b 0\n"
    topics = out.with_name("labels.txt.topics.tsv").read_text(encoding="utf-8")
    assert topics == '1\t"wide" boots, size 9\n2\tred shoes\n'


def test_pairs_that_people_graded_can_be_left_out_and_an_earlier_cut_chosen(lake: Lake, tmp_path: Path) -> None:
    without = export(tmp_path / "without", "--as", "csv", "--without-graded").read_text(encoding="utf-8")
    assert "red shoes,b" not in without
    assert "red shoes,a,4" in without
    earlier = export(tmp_path / "earlier", "--as", "csv", "--cut", "2026-04-02").read_text(encoding="utf-8")
    assert earlier == "query,docid,rating\nred shoes,a,1\n"


@pytest.mark.parametrize(
    ("options", "says"),
    [
        (
            ["--application", "shop", "--cut", "2026-04-03"],
            "cut: no label window ends on 2026-04-03; the newest cuts are 2026-04-02, 2026-04-09",
        ),
        (["--application", "shop", "--cut", "April\n3"], "cut: 'April\\n3' is not a day; write it as 2026-04-12"),
        (["--application", "mart"], "application: 'mart' has no labels; those that have are market, shop"),
        ([], "application: there are several; write --application and one of market, shop"),
        (["--application", "market", "--as", "qrels"], "as: the item id 'two words' holds a blank"),
        (["--application", "market", "--without-graded"], "without-graded: people graded all 1 pairs of the cut"),
    ],
)
def test_what_cannot_be_written_is_refused(
    lake: Lake, tmp_path: Path, capsys: pytest.CaptureFixture[str], options: list[str], says: str
) -> None:
    add(lake, row("q", "two words", 1.0, application="market", source="both", human_grades=1))
    out = tmp_path / "labels.txt"
    assert main(["labels", "export", "--as", "csv", "--out", str(out), *options]) == 1
    assert says in capsys.readouterr().err
    assert list(tmp_path.glob("labels*")) == []


def test_a_file_that_exists_is_kept(lake: Lake, tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    kept = tmp_path / "labels.txt.topics.tsv"
    kept.write_text("mine", encoding="utf-8")
    assert main(["labels", "export", "--as", "qrels", "--out", str(tmp_path / "labels.txt")]) == 1
    assert f"out: {kept} exists, and nothing was written" in capsys.readouterr().err
    assert kept.read_text(encoding="utf-8") == "mine"
    assert not (tmp_path / "labels.txt").exists()


def test_a_lake_without_labels_says_what_to_look_at(
    home: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    monkeypatch.setenv("TIDEMARK_HOME", str(home))
    open_lake(load_settings()).ensure_namespace("ranking")
    assert main(["labels", "export", "--as", "csv", "--out", str(tmp_path / "x")]) == 1
    assert "there are no labels yet. `tidemark plan ranking.relevance_labels` says" in capsys.readouterr().err
