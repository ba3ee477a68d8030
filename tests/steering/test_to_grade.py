"""`tidemark to-grade`: which pairs it writes, that landing reads them back once graded, and what it refuses."""

from __future__ import annotations

import csv
from datetime import UTC, date, datetime, timedelta
from pathlib import Path
from typing import Any

import pyarrow as pa
import pytest

from ranking.logs import judgments
from steering.label_export import LABELS
from steering.registry import SCORES
from steering.to_grade import ITEMS
from tests.conftest import CHECKOUT
from tidemark.catalog import Lake, open_lake
from tidemark.cli.main import main
from tidemark.settings import load_settings
from tidemark.spec.load import load_specs

CUT = date(2026, 4, 9)


def label(query: str, number: int, **more: Any) -> dict[str, Any]:
    fixed = {"confidence": 0.5, "clicks": 0, "long_clicks": 0, "examination": 4.0, "rate": 0.2, "source": "behaviour"}
    window = {"window_start": CUT - timedelta(days=28), "window_end": CUT, "known_day": CUT, "calibrator_version": "v"}
    pair = {"application": "shop", "query": query, "item_id": f"i{number:02}", "human_grades": 0, "exam": False}
    return {**fixed, **window, **pair, "grade": number % 4 + 0.5, "evidence": (0, 5, 50)[number % 3], **more}


@pytest.fixture
def lake(home: Path, monkeypatch: pytest.MonkeyPatch) -> Lake:
    """A shop with labels of six queries with 24 items each. Two queries are exam queries."""
    monkeypatch.setenv("TIDEMARK_HOME", str(home))
    found = open_lake(load_settings())
    queries = {f"query {number}": {"exam": number < 2} for number in range(6)}
    rows = [label(query, number, **more) for query, more in queries.items() for number in range(24)]
    add(found, LABELS, *rows, label("query 5", 99, human_grades=1, human_grade=3.0))
    attributes = ('{"title": "old"}', '{"title": "Red\\tshoes, \\"wide\\""}')
    times = (datetime(2026, 1, 1, tzinfo=UTC), datetime(2026, 2, 1, tzinfo=UTC))
    shared = {
        "application": "shop",
        "file_id": "f",
        "file_path": "f",
        "place": 1,
        "arrived_at": times[0],
        "dated": True,
    }
    add(found, ITEMS, *({**shared, "record_id": text, "item_id": "i03", "attributes": text, "valid_from": time}
                        for text, time in zip(attributes, times, strict=True)))  # fmt: skip
    return found


def add(lake: Lake, dataset: str, *rows: dict[str, Any]) -> None:
    table = lake.ensure_table(load_specs(CHECKOUT / "schemas", lake.settings.values)[dataset])
    table.append(pa.Table.from_pylist(list(rows), schema=table.schema().as_arrow()))


def drawn(tmp_path: Path, *options: str) -> list[dict[str, str]]:
    out = tmp_path / "to-grade.csv"
    assert main(["to-grade", "--out", str(out), *options]) == 0
    with out.open(encoding="utf-8", newline="") as file:
        return list(csv.DictReader(file))


def test_grades_are_shared_out_between_labels_and_whole_lists_of_exam_queries(
    lake: Lake, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    rows = drawn(tmp_path, "40")
    assert "40 pairs of shop to grade, from the labels of 2026-04-09" in capsys.readouterr().out
    by_purpose = {purpose: [row for row in rows if row["drawn_for"] == purpose] for purpose in ("labels", "exam")}
    assert [len(found) for found in by_purpose.values()] == [25, 15]
    assert len({row["query"] for row in by_purpose["exam"]}) == 1
    assert {row["query"] for row in by_purpose["exam"]} <= {"query 0", "query 1"}
    assert not {row["query"] for row in by_purpose["labels"]} & {"query 0", "query 1"}
    assert ("query 5", "i99") not in {(row["query"], row["item_id"]) for row in rows}, "it has a grade"
    assert {row["weight"] for row in by_purpose["exam"]} == {"1"}
    assert sum(float(row["weight"]) for row in by_purpose["labels"]) == pytest.approx(96, rel=0.01)
    assert {row["title"] for row in rows if row["item_id"] == "i03"} <= {'Red shoes, "wide"'}


def test_a_list_holds_what_the_champion_ranks_first(lake: Lake, tmp_path: Path) -> None:
    scored = {"application": "shop", "model_version": "r1", "feature_day": CUT}
    add(lake, SCORES, *({**scored, "query": f"query {query}", "item_id": f"i{number:02}", "score": float(number)}
                        for query in range(2) for number in range(24)))  # fmt: skip
    rows = [row for row in drawn(tmp_path, "30", "--lists", "2") if row["drawn_for"] == "exam"]
    best_by_label = ["i03", "i07", "i11", "i02", "i06"]
    assert {row["item_id"] for row in rows} == {*best_by_label, *(f"i{number:02}" for number in range(14, 24))}


def test_graded_rows_are_read_back_with_their_weights(lake: Lake, tmp_path: Path) -> None:
    rows = drawn(tmp_path, "12", "--lists", "0")
    lines = (tmp_path / "to-grade.csv").read_text(encoding="utf-8").splitlines()
    reader = judgments.parse_text()
    graded = [{**record, "grade": "3"} for line in lines if (record := reader(line)) is not None]
    place: dict[str, Any] = {"settings": {}, "file_path": "to-grade.csv"}
    known = {**place, "file": judgments.parse_file(graded, place)}
    found = [row for record in graded for _, row in judgments.parse(record, known)]
    assert [(row["application"], row["query"], row["item_id"]) for row in found] == [
        ("shop", row["query"], row["item_id"]) for row in rows
    ]
    assert [float(row["weight"]) for row in found] == [float(row["weight"]) for row in rows]


def test_the_same_lake_and_seed_give_the_same_file(lake: Lake, tmp_path: Path) -> None:
    one, again, other = (
        drawn(tmp_path / name, "15", "--seed", seed) for name, seed in (("a", "1"), ("b", "1"), ("c", "2"))
    )
    assert one == again != other


def test_no_cell_is_a_formula_to_a_spreadsheet(lake: Lake, tmp_path: Path) -> None:
    add(lake, LABELS, *(label('=HYPERLINK("x")', number) for number in range(5)), label("query 5", 98, item_id="@sum"))
    rows = drawn(tmp_path, "1000", "--lists", "0")
    assert len(rows) == 96
    assert not [cell for row in rows for cell in row.values() if cell.startswith(("=", "+", "-", "@"))]


@pytest.mark.parametrize(
    ("options", "code", "says"),
    [
        (["5", "--lists", "1"], 1, "lists: 15 items in whole lists are more than 5 grades"),
        (["5", "--application", "mart"], 1, "application: 'mart' has no labels; those that have are shop"),
        (["0"], 2, "write a whole number from 1 to 1000000"),
        (["ten"], 2, "write a whole number from 1 to 1000000"),
    ],
)
def test_what_cannot_be_drawn_is_refused(
    lake: Lake, tmp_path: Path, capsys: pytest.CaptureFixture[str], options: list[str], code: int, says: str
) -> None:
    out = tmp_path / "to-grade.csv"
    try:
        found = main(["to-grade", "--out", str(out), *options])
    except SystemExit as ended:
        found = int(ended.code or 0)
    assert found == code
    assert says in capsys.readouterr().err
    assert not out.exists()
