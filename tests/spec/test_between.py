"""Specs of one folder must agree with each other."""

# ruff: noqa: E501  (a table is read by its lines)

from __future__ import annotations

from datetime import timedelta
from pathlib import Path

import pytest

from tests.spec.writing import DAYS, DOORS, ENTRIES, PRICES, SALES, VALUES, VISITS, line_of, put, swap
from tidemark.errors import SpecError
from tidemark.spec.load import load_specs

SPOILED = [
    ("visits", VISITS, "dataset: shop.doors", "dataset: shop.door", "doors:", "no dataset shop.door; did you mean shop.doors?"),
    ("visits", VISITS, "dataset: shop.sales", "dataset: bank.loans", "sales:", "add loans.yaml beside this file"),
    ("visits", VISITS, "optional: true", "event_time: sale_id", "sales:", "not a required column of type timestamp or date in shop.sales; name one of sold_at"),
    ("days", DAYS, "dataset: shop.visits", "dataset: shop.prices", "visits:", "shop.prices has no event time, so a window does not apply; remove window"),
    ("days", DAYS, "shop.visits, window: {before: 28d, after: -1d}", "shop.prices", "visits:", "so it cannot give the rows"),
    ("visits", VISITS, "optional: true", "touches: sold_at", "sales:", "shop.sales has an event time, which already decides what a row affects; remove touches"),
    ("visits", VISITS, "dataset: shop.doors, rows: true", "dataset: shop.prices, touches: thing", "doors:", "so it cannot give the rows"),
    ("visits", VISITS, "shop.sales, window: {before: $skew, after: 1d}, waits_for: final_through", "shop.prices, touches: thing", "sales:", "'thing' is not a list of dates or timestamps in shop.prices; remove it"),
    ("sales", SALES, "shops.feed:parse", "shops.feed:read", "landing", "shop.doors is in the same group and has the parser shops.feed:parse"),
]  # fmt: skip


@pytest.mark.parametrize(("name", "text", "passage", "instead", "place", "words"), SPOILED)
def test_refused_with_place_and_remedy(
    tmp_path: Path, name: str, text: str, passage: str, instead: str, place: str, words: str
) -> None:
    spoiled = swap(text, passage, instead)
    with pytest.raises(SpecError) as refused:
        load_specs(put(tmp_path, **{name: spoiled}), VALUES)
    assert str(refused.value).startswith(f"{tmp_path / name}.yaml:{line_of(spoiled, place)}: ")
    assert words in str(refused.value)


def test_a_cycle_of_inputs_is_shown(tmp_path: Path) -> None:
    cycle = swap(VISITS, "dataset: shop.sales, window: {before: $skew, after: 1d}", "dataset: shop.days")
    with pytest.raises(SpecError, match=r"form a cycle: shop\.days <- shop\.visits <- shop\.days; remove one"):
        load_specs(put(tmp_path, visits=cycle), VALUES)


def test_a_window_along_dates_is_whole_days(tmp_path: Path) -> None:
    hours = swap(VISITS, "dataset: shop.sales, window: {before: $skew", "dataset: shop.weather, window: {before: 6h")
    weather = swap(swap(SALES, "shop.sales", "shop.weather"), "sold_at: {type: timestamp", "sold_at: {type: date")
    weather = swap(weather, "hour(sold_at)", "day(sold_at)")
    with pytest.raises(
        SpecError,
        match=r"before is not a number of whole days, and sold_at of shop\.weather is a date; write whole days",
    ):
        load_specs(put(tmp_path, visits=hours, weather=weather), VALUES)


def test_an_input_may_be_read_along_another_of_its_times(tmp_path: Path) -> None:
    text = swap(VISITS, "{dataset: shop.doors, rows: true}", "{dataset: shop.doors, event_time: arrived_at}")
    specs = load_specs(put(tmp_path, visits=text), VALUES)
    assert specs["shop.visits"].inputs["doors"].event_time == "arrived_at"


def test_rows_without_event_time_may_list_what_they_touch(tmp_path: Path) -> None:
    text = swap(VISITS, "shop.sales, window", "shop.lists, touches: at, window")
    lists = swap(swap(PRICES, "shop.prices\nwhy", "shop.lists\nwhy"), "dataset: shop.prices}", "dataset: shop.lists}")
    lists = swap(lists, "inputs:\n  days: {dataset: shop.days}", "inputs:\n  doors: {dataset: shop.doors}")
    lists += '  at: {type: "list<timestamp>", means: when it matters}\n'
    sales = load_specs(put(tmp_path, visits=text, lists=lists), VALUES)["shop.visits"].inputs["sales"]
    assert (sales.touches, sales.before) == ("at", timedelta(minutes=90))


def test_a_column_of_an_input_may_have_another_name(tmp_path: Path) -> None:
    entries = swap(ENTRIES, "dataset: shop.doors,", "dataset: shop.doors, renamed: {arrived_at: opened_at},")
    specs = load_specs(put(tmp_path, entries=entries), VALUES)
    assert specs["shop.entries"].inputs["doors"].renamed == {"arrived_at": "opened_at"}


@pytest.mark.parametrize(
    ("written", "words"),
    [
        ("{arived_at: opened_at}", "arived_at is no column of shop.doors; did you mean arrived_at?"),
        ("{arrived_at: opend_at}", "opend_at is no column of shop.entries; did you mean opened_at?"),
        ("{visit_id: opened_at}", "visit_id of shop.doors and opened_at differ in type; name two columns of one type"),
        ("[arrived_at]", "write a column of the input and one of this dataset"),
    ],
)
def test_a_renamed_column_exists_on_both_sides(tmp_path: Path, written: str, words: str) -> None:
    entries = swap(ENTRIES, "dataset: shop.doors,", f"dataset: shop.doors, renamed: {written},")
    with pytest.raises(SpecError) as refused:
        load_specs(put(tmp_path, entries=entries), VALUES)
    assert words in str(refused.value)


def test_a_versioned_dataset_reads_itself(tmp_path: Path) -> None:
    specs = load_specs(put(tmp_path, prices=PRICES), VALUES)
    assert specs["shop.prices"].inputs["before"].dataset == "shop.prices"


def test_a_file_that_would_not_be_read_is_named(tmp_path: Path) -> None:
    (put(tmp_path) / "doors.yml").write_text(DOORS)
    with pytest.raises(SpecError, match=r"doors\.yml: only \.yaml files are read; rename it to doors\.yaml"):
        load_specs(tmp_path, VALUES)


def test_a_folder_without_specs_is_named(tmp_path: Path) -> None:
    with pytest.raises(SpecError, match=r"contains no spec; set TIDEMARK_SCHEMAS to the folder"):
        load_specs(tmp_path, VALUES)
    with pytest.raises(SpecError, match="no such folder"):
        load_specs(tmp_path / "missing", VALUES)
