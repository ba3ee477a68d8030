"""What is kept of a check: its numbers, and rows with their values and places, whatever the data holds."""

from __future__ import annotations

import math

import pytest

from tidemark.audit.findings import FailingRow, Measure, measure_of, row_from, rows_from_json, rows_to_json

ROW = FailingRow({"grade": "4.5", "weight": None}, {"query": "q1"}, "logs/a.jsonl", "f" * 64, 12)


def test_a_row_names_its_values_its_grain_and_its_place() -> None:
    assert str(ROW) == "grade 4.5, weight null (q1) in logs/a.jsonl, place 12"


def test_a_single_value_needs_no_name_and_an_unknown_place_no_words() -> None:
    assert str(FailingRow({"grade": "4.5"}, {"query": "q1"})) == "4.5 (q1)"
    assert str(FailingRow({"grade": "4.5"}, {"query": "q1"}, file_id="f")) == "4.5 (q1)"


def test_rows_are_read_as_they_were_kept() -> None:
    assert rows_from_json(rows_to_json([ROW, ROW])) == (ROW, ROW)


@pytest.mark.parametrize("text", [None, "", "{", "7", "[7]", '[{"values": 7}]', '[{"values": {}}]', "{}"])
def test_a_record_that_cannot_be_read_holds_no_rows(text: str | None) -> None:
    assert rows_from_json(text) == ()


def test_a_value_is_cut_and_stays_on_one_line() -> None:
    row = row_from({"note": "long\n" * 500, "query": "q" * 500, "place": None}, ["note"], ["query"], None)
    assert len(row.values["note"] or "") == len(row.grain["query"] or "") == 80
    assert "\n" not in str(row)


@pytest.mark.parametrize("number", [math.nan, math.inf, -math.inf])
def test_a_number_that_no_chart_can_show_is_none(number: float) -> None:
    columns = Measure(number, number, 0, number).columns()
    assert columns == {"observed_low": None, "observed_high": None, "expected_low": 0, "expected_high": None}


def test_no_number_is_no_measure() -> None:
    assert measure_of(None, 0, 1) is None
    assert measure_of(0.5, most=1) == Measure(0.5, 0.5, None, 1)
