"""S41: for each rule of the floor, one bad row is seeded, and only that rule fails."""

from __future__ import annotations

import math
from dataclasses import replace
from datetime import UTC, datetime
from typing import Any

import pytest

from tests.audit.conftest import DAY, Bench, fired, good_row, good_rows
from tidemark.spec import Column

pytestmark = pytest.mark.spark

SEEDS: dict[str, tuple[dict[str, Any], str]] = {
    "a required string is null": ({"account": None}, "account is never null"),
    "a required number is null": ({"logins": None}, "logins is never null"),
    "a required list is null": ({"tags": None}, "tags is never null"),
    "an event time is null": ({"seen_at": None}, "seen_at is never null"),
    "below the minimum": ({"logins": -1}, "logins between 0 and 100"),
    "above the maximum": ({"logins": 101}, "logins between 0 and 100"),
    "a little above the maximum": ({"score": 1.0000002}, "score between 0 and 1"),
    "no number": ({"score": math.nan}, "score is a number"),
    "infinitely large": ({"score": math.inf}, "score between 0 and 1"),
    "an unknown value": ({"plan": "gold"}, "plan is a known value"),
    "too long": ({"note": "n" * 21}, "note is at most 20 long"),
    "the grain of another row": ({"account": "account-004"}, "grain is unique (account, seen_at)"),
}


@pytest.mark.parametrize("appended", [True, False], ids=["appended", "overwritten"])
@pytest.mark.parametrize("seed", SEEDS)
def test_s41_one_bad_row_fires_its_rule_alone(bench: Bench, seed: str, appended: bool) -> None:
    changes, check = SEEDS[seed]
    rows = [*good_rows(), good_row(4, account="account-bad") | changes]
    report = bench.stage_and_audit(rows, None if appended else DAY)
    assert fired(report) == [check]
    assert not report.passed
    [failure] = report.failures
    assert failure.unexpected_rows == 1
    assert len(failure.examples) == 1


def test_good_rows_pass_every_rule(bench: Bench) -> None:
    report = bench.stage_and_audit(good_rows())
    assert fired(report) == []
    assert report.passed
    assert report.rows == 20


def test_a_null_breaks_no_rule_but_never_null(bench: Bench) -> None:
    report = bench.stage_and_audit([*good_rows(), good_row(4, account="a", plan=None, note=None, score=None)])
    assert fired(report) == []


def test_columns_without_any_value_pass(bench: Bench) -> None:
    report = bench.stage_and_audit([good_row(number, score=None, note=None, plan=None) for number in range(5)])
    assert fired(report) == []


def test_examples_show_the_value_and_its_row(bench: Bench) -> None:
    rows = [*good_rows(), *(good_row(n, account=f"bad-{n}", score=4.5) for n in range(9))]
    [failure] = bench.stage_and_audit(rows).failures
    assert failure.unexpected_rows == 9
    assert failure.examples[0] == "4.5 (bad-0, 2026-04-11 00:00:00)"
    assert len(failure.examples) == 5


def test_a_row_outside_the_ranges_fires(bench: Bench) -> None:
    late = good_row(4, account="late", seen_at=datetime(2026, 4, 12, tzinfo=UTC))
    report = bench.stage_and_audit([*good_rows(), late])
    assert fired(report) == ["seen_at inside the session's ranges"]
    [failure] = report.failures
    assert failure.unexpected_rows == 1
    assert failure.examples == ("2026-04-12 00:00:00 (late, 2026-04-12 00:00:00)",)


def test_grains_that_differ_in_one_column_are_no_repeats(bench: Bench) -> None:
    rows = [good_row(1), good_row(1, account="account-002"), good_row(1, seen_at=datetime(2026, 4, 11, 2, tzinfo=UTC))]
    assert fired(bench.stage_and_audit(rows)) == []


def test_a_column_of_another_type_fires(bench: Bench) -> None:
    staged = bench.stage(good_rows(), DAY)
    bench.spec = replace(bench.spec, columns={**bench.spec.columns, "logins": Column("logins", "long", "logins")})
    report = bench.audit(staged, 20, DAY)
    assert fired(report) == ["columns and types"]
    assert "logins is int, not long" in report.failures[0].observed


def test_a_column_that_the_table_lacks_fires(bench: Bench) -> None:
    staged = bench.stage(good_rows(), DAY)
    bench.spec = replace(
        bench.spec, columns={**bench.spec.columns, "extra": Column("extra", "int", "new", required=True)}
    )
    report = bench.audit(staged, 20, DAY)
    assert fired(report) == ["columns and types"]
    assert "extra is missing" in report.failures[0].observed
