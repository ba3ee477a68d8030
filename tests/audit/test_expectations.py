"""Expectations of a spec, run by Great Expectations: each detects its seeded rows, and a warning stops nothing."""

from __future__ import annotations

from dataclasses import replace
from datetime import UTC, datetime
from typing import Any

import pytest

from tests.audit.conftest import DAY, EXPECTATIONS, Bench, fired, good_row, good_rows
from tidemark.audit import gx
from tidemark.errors import AuditError
from tidemark.spec import Expectation

pytestmark = pytest.mark.spark

ROWS_WHERE = "rows where plan = 'free' and logins > 50"


@pytest.fixture
def expecting(bench: Bench) -> Bench:
    """The bench, with a spec that has expectations."""
    bench.spec = replace(bench.spec, expectations=EXPECTATIONS)
    return bench


def _crowded(count: int) -> list[dict[str, Any]]:
    return [good_row(2, account=f"crowd-{n}", logins=51) for n in range(count)]


def test_good_rows_meet_all_expectations(expecting: Bench) -> None:
    report = expecting.stage_and_audit(good_rows())
    assert fired(report) == []
    observed = {c.check: c.observed for c in report.checks if c.kind == "expectation"}
    assert observed == {
        "row count": "20",
        ROWS_WHERE: "0% (0 of 20 rows)",
        "mean of logins": "4.5",
        "distinct plan": "2",
    }


def test_a_share_at_its_limit_passes_and_one_row_more_fails(expecting: Bench) -> None:
    assert fired(expecting.stage_and_audit([*good_rows(18), *_crowded(2)])) == []
    expecting.lake.remove_branch(expecting.spec.dataset, "session_s1_a")
    report = expecting.stage_and_audit([*good_rows(18), *_crowded(3)])
    assert fired(report) == [ROWS_WHERE]
    [failure] = report.failures
    assert failure.unexpected_rows == 3
    assert failure.examples[0] == "plan free, logins 51 (crowd-0, 2026-04-11 02:00:00)"
    assert failure.expected == "at most 10% of rows"


def test_the_column_that_is_to_be_shown_stands_before_the_row(expecting: Bench) -> None:
    shown = tuple(replace(e, shows="note") if e.condition else e for e in EXPECTATIONS)
    expecting.spec = replace(expecting.spec, expectations=shown)
    crowd = [{**row, "note": "line 7"} for row in _crowded(3)]
    [failure] = expecting.stage_and_audit([*good_rows(18), *crowd]).failures
    assert failure.examples[0] == "line 7 (crowd-0, 2026-04-11 02:00:00)"


def test_a_condition_that_is_null_is_not_true(expecting: Bench) -> None:
    rows = [good_row(n, plan=None, logins=60) for n in range(4)]
    assert ROWS_WHERE not in fired(expecting.stage_and_audit(rows))


SEEDS: dict[str, tuple[list[dict[str, Any]], str]] = {
    "a mean beyond its bound": ([good_row(n, plan="paid", logins=90) for n in range(9)], "mean of logins"),
    "a value too many": ([good_row(n, plan=p) for n, p in enumerate(("free", "paid", "gold"))], "distinct plan"),
}


@pytest.mark.parametrize("seed", SEEDS)
def test_a_warning_is_shown_and_keeps_nothing_back(expecting: Bench, seed: str) -> None:
    """S42."""
    rows, check = SEEDS[seed]
    plan = replace(expecting.spec.columns["plan"], one_of=None)
    expecting.spec = replace(expecting.spec, columns={**expecting.spec.columns, "plan": plan})
    report = expecting.stage_and_audit(rows)
    assert fired(report) == [check]
    assert report.passed
    assert [w.check for w in report.warnings] == [check]
    assert report.site is not None
    assert "warned" in report.site.read_text(encoding="utf-8")


def test_only_the_changed_rows_are_counted(expecting: Bench) -> None:
    older = [good_row(n, seen_at=datetime(2026, 4, 1, tzinfo=UTC)) for n in range(7)]
    expecting.stage(older)
    expecting.table().manage_snapshots().set_current_snapshot(ref_name="session_s1_a").commit()
    expecting.lake.remove_branch(expecting.spec.dataset, "session_s1_a")
    for ranges in (None, DAY):
        report = expecting.stage_and_audit(good_rows(), ranges)
        assert [c.observed for c in report.checks if c.check == "row count"] == ["20"]
        assert report.passed
        expecting.lake.remove_branch(expecting.spec.dataset, "session_s1_a")


def test_too_few_rows_fail(expecting: Bench) -> None:
    expecting.spec = replace(expecting.spec, expectations=(Expectation("row_count", "fail", "more are due", min=21),))
    report = expecting.stage_and_audit(good_rows())
    assert fired(report) == ["row count"]
    assert report.failures[0].observed == "20"


def test_without_rows_only_their_count_is_looked_at(expecting: Bench) -> None:
    expecting.stage(good_rows())
    expecting.table().manage_snapshots().set_current_snapshot(ref_name="session_s1_a").commit()
    expecting.lake.remove_branch(expecting.spec.dataset, "session_s1_a")
    report = expecting.stage_and_audit([], rows_due=False)
    assert fired(report) == ["row count"]
    assert [c.observed for c in report.checks if c.check == "mean of logins"] == ["no rows"]


def test_a_condition_on_an_unknown_column_is_no_report(expecting: Bench) -> None:
    wrong = Expectation("rows_where", "warn", "a slip of the pen", condition="nonsense > 1")
    expecting.spec = replace(expecting.spec, expectations=(wrong,))
    with pytest.raises(AuditError, match="nonsense"):
        expecting.stage_and_audit(good_rows())


def test_an_expectation_that_errs_is_no_report(expecting: Bench) -> None:
    wrong = Expectation("mean", "warn", "a mean of lists", column="tags", min=0)
    expecting.spec = replace(expecting.spec, expectations=(wrong,))
    with pytest.raises(AuditError, match="mean of tags"):
        expecting.stage_and_audit(good_rows())


def test_a_library_that_cannot_start_is_no_report(expecting: Bench, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setitem(__import__("sys").modules, "great_expectations", None)
    gx.preload()
    with pytest.raises(AuditError, match="cannot start"):
        expecting.stage_and_audit(good_rows())
