"""The model that a valid spec is read into."""

from __future__ import annotations

import subprocess
import sys
from datetime import timedelta
from pathlib import Path

import pytest

from tests.spec.writing import DAYS, DOORS, PRICES, SALES, VALUES, VISITS, load, put, swap
from tidemark.errors import SpecError
from tidemark.spec import Column, Expectation, InputSpec, LandingSpec, Partition, format_duration, parse_duration
from tidemark.spec.load import load_specs


def test_a_stateful_spec_says_all_of_it(tmp_path: Path) -> None:
    spec = load(tmp_path, VISITS)
    assert (spec.dataset, spec.namespace, spec.name) == ("shop.visits", "shop", "visits")
    assert (spec.mode, spec.event_time, spec.event_unit) == ("stateful", "began_at", "hour")
    assert spec.grain == ("shop", "visit_id")
    assert spec.partition_by == (Partition("day", "began_at"), Partition("identity", "shop"))
    assert spec.transform == "shops.visits:build"
    assert spec.settings == ("actions",)
    assert (spec.replace, spec.landing, spec.catch_up_limit) == (None, None, timedelta(days=60))
    assert spec.fresh_within is None
    assert spec.known_time is None
    assert spec.path == tmp_path / "visits.yaml"


def test_a_deadline_is_a_duration(tmp_path: Path) -> None:
    spec = load(tmp_path, VISITS.replace("catch_up_limit:", "fresh_within: 3h\ncatch_up_limit:"))
    assert spec.fresh_within == timedelta(hours=3)


def test_a_known_time_is_a_second_time_of_a_row(tmp_path: Path) -> None:
    known = "event_time: began_at\nknown_time: known_at"
    column = "columns:\n  known_at: {type: timestamp, required: true, means: when the record arrived}"
    spec = load(tmp_path, VISITS.replace("event_time: began_at", known).replace("columns:", column))
    assert spec.known_time == "known_at"


def test_columns_keep_their_order_and_all_that_is_said_of_them(tmp_path: Path) -> None:
    columns = load(tmp_path, VISITS).columns
    assert list(columns) == ["shop", "visit_id", "began_at", "bought", "note", "prices"]
    assert columns["shop"] == Column("shop", "string", "the shop", required=True, one_of=("north", "south"))
    assert columns["bought"] == Column("bought", "int", "things bought", True, "count", min=0, max=100)
    assert columns["note"] == Column("note", "string", "what the seller wrote", max_length=20)
    assert columns["prices"].type == "map<string,decimal(9,2)>"


def test_inputs_keep_their_order_and_windows(tmp_path: Path) -> None:
    doors, sales = load(tmp_path, VISITS).inputs.values()
    assert doors == InputSpec("doors", "shop.doors", rows=True)
    assert sales == InputSpec(
        "sales",
        "shop.sales",
        before=timedelta(minutes=90),
        after=timedelta(days=1),
        optional=True,
        waits_for="final_through",
    )


def test_the_first_input_gives_the_rows_unless_another_says_so(tmp_path: Path) -> None:
    silent = load(tmp_path, swap(VISITS, ", rows: true", ""))
    assert [entry.rows for entry in silent.inputs.values()] == [True, False]
    text = swap(swap(VISITS, ", rows: true", ""), "optional: true", "rows: true")
    assert [entry.rows for entry in load(tmp_path, text).inputs.values()] == [False, True]


def test_expectations_are_understood(tmp_path: Path) -> None:
    assert load(tmp_path, VISITS).expectations == (
        Expectation("rows_where", "warn", "few people carry so much", condition="bought > 50", at_most=0.02),
        Expectation("row_count", "fail", "a shop has visitors", min=1),
        Expectation("mean", "warn", "more are robots", column="bought", max=9.5),
        Expectation("distinct", "fail", "there are two", column="shop", max=2),
    )


def test_rows_where_allows_no_row_unless_it_says_how_many(tmp_path: Path) -> None:
    spec = load(tmp_path, swap(VISITS, "at_most: 0.02, ", ""))
    assert spec.expectations[0].at_most == 0


def test_params_take_values_by_name_also_inside_lists(tmp_path: Path) -> None:
    assert load(tmp_path, VISITS).params == {"horizon": "28d", "limits": [3, 4], "smoothing": 20}


def test_a_window_takes_a_value_in_either_direction(tmp_path: Path) -> None:
    text = swap(VISITS, "{before: $skew, after: 1d}", "{before: $horizon, after: -$horizon}")
    sales = load(tmp_path, text).inputs["sales"]
    assert (sales.before, sales.after) == (timedelta(days=28), timedelta(days=-28))


def test_a_window_may_reach_back_to_the_beginning(tmp_path: Path) -> None:
    sales = load(tmp_path, swap(VISITS, "before: $skew, after: 1d", "before: all, after: -1d")).inputs["sales"]
    assert (sales.before, sales.after) == (None, timedelta(days=-1))


def test_a_source_has_a_landing_block(tmp_path: Path) -> None:
    assert load(tmp_path, DOORS, "doors").landing == LandingSpec(
        "shop", ("doors",), "shops.feed:parse", loses_refusals=True
    )
    landing = load(tmp_path, SALES, "sales").landing
    assert landing is not None
    assert (landing.settling, landing.completeness) == (timedelta(minutes=1), "clock")


def test_a_row_of_a_date_is_a_day(tmp_path: Path) -> None:
    assert load(tmp_path, DAYS, "days").event_unit == "day"


def test_a_versioned_spec_reads_itself_and_appends_unless_told(tmp_path: Path) -> None:
    assert load(tmp_path, PRICES, "prices").replace == "whole"
    assert load(tmp_path, swap(PRICES, "replace: whole\n", ""), "prices").replace == "append"


def test_a_folder_is_read_by_full_name(tmp_path: Path) -> None:
    specs = load_specs(put(tmp_path), VALUES)
    assert sorted(specs) == ["shop.days", "shop.doors", "shop.prices", "shop.sales", "shop.visits"]
    assert all(specs[name].dataset == name for name in specs)


@pytest.mark.parametrize(
    ("text", "length"),
    [
        ("28d", timedelta(days=28)),
        ("3h", timedelta(hours=3)),
        ("15m", timedelta(minutes=15)),
        ("30s", timedelta(seconds=30)),
        ("0d", timedelta(0)),
        ("-1d", timedelta(days=-1)),
    ],
)
def test_durations_are_read_and_written(text: str, length: timedelta) -> None:
    assert parse_duration(text) == length
    assert format_duration(length) == text


@pytest.mark.parametrize("text", ["", "28", "d", "1.5d", "28 days", "--1d", "1w", "all", "$key", "99999999d", "١d"])
def test_what_is_no_duration_is_refused(text: str) -> None:
    with pytest.raises(SpecError, match="; write"):
        parse_duration(text)


def test_reading_specs_imports_no_engine() -> None:
    program = "import sys, tidemark.spec; print(sorted({name.split('.')[0] for name in sys.modules}))"
    done = subprocess.run(
        [sys.executable, "-c", program],
        capture_output=True,
        text=True,
        check=True,
        env={"PYTHONPATH": ":".join(sys.path)},
    )
    loaded = set(done.stdout.strip("[]\n").replace("'", "").split(", "))
    assert "tidemark" in loaded
    assert not loaded & {"pyiceberg", "pyspark", "great_expectations", "pyarrow", "pandas"}
