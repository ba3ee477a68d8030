"""What the checks of an audit observe is recorded as numbers, and failing rows with their values and places."""

from __future__ import annotations

from dataclasses import replace

import pytest

from tests.audit.conftest import CLOCK, COLUMNS, EXPECTATIONS, Bench, create_table, good_row, good_rows
from tidemark.audit import CheckResult, Report, rows_for_ops
from tidemark.audit.findings import Measure
from tidemark.spec import Column

pytestmark = pytest.mark.spark

PLACES = {
    "file_path": Column("file_path", "string", "the file"),
    "file_id": Column("file_id", "string", "its hash"),
    "place": Column("place", "long", "the line"),
}


def found(report: Report, check: str) -> CheckResult:
    return next(each for each in report.checks if each.check == check)


def test_what_an_expectation_observes_is_a_number_with_its_bounds(bench: Bench) -> None:
    bench.spec = replace(bench.spec, expectations=EXPECTATIONS)
    report = bench.stage_and_audit([*good_rows(18), *(good_row(2, account=f"c{n}", logins=60) for n in range(2))])
    measures = {check.check: check.measure for check in report.checks if check.kind == "expectation"}
    assert measures == {
        "row count": Measure(20, 20, 1, 1000),
        "rows where plan = 'free' and logins > 50": Measure(0.1, 0.1, None, 0.1),
        "mean of logins": Measure(9.65, 9.65, 0, 20),
        "distinct plan": Measure(2, 2, None, 2),
    }


def test_the_values_of_a_bounded_column_are_recorded_from_least_to_greatest(bench: Bench) -> None:
    report = bench.stage_and_audit(good_rows(), rows_clipped=7)
    assert found(report, "logins between 0 and 100").measure == Measure(0, 9, 0, 100)
    assert found(report, "rows clipped away").measure == Measure(7, 7)
    row = next(row for row in rows_for_ops(report, CLOCK) if row["check"] == "logins between 0 and 100")
    numbers = [row[f"{kind}_{end}"] for kind in ("observed", "expected") for end in ("low", "high")]
    assert (row["rows"], numbers, row["failing_rows"]) == (20, [0, 9, 0, 100], None)


def test_a_failing_row_holds_what_its_condition_looks_at(bench: Bench) -> None:
    bench.spec = replace(bench.spec, expectations=EXPECTATIONS)
    report = bench.stage_and_audit([good_row(2, account=f"c{n}", logins=60 + n) for n in range(3)])
    [failing, *_] = found(report, "rows where plan = 'free' and logins > 50").failing
    assert failing.values == {"plan": "free", "logins": "60"}
    assert failing.grain == {"account": "c0", "seen_at": "2026-04-11 02:00:00"}
    assert str(failing) == "plan free, logins 60 (c0, 2026-04-11 02:00:00)"


def test_a_failing_row_names_the_file_and_the_place_that_it_knows(bench: Bench) -> None:
    bench.spec = replace(bench.spec, dataset=f"{bench.spec.dataset}_landed", columns={**COLUMNS, **PLACES})
    create_table(bench.lake, bench.spec)
    landed = {"file_path": "logs/a.jsonl", "file_id": "f" * 64, "place": 12}
    report = bench.stage_and_audit(
        [*(row | landed for row in good_rows()), good_row(4, account="bad", score=7) | landed]
    )
    [failing] = found(report, "score between 0 and 1").failing
    assert (failing.file, failing.file_id, failing.place) == ("logs/a.jsonl", "f" * 64, 12)
    assert str(failing) == "7.0 (bad, 2026-04-11 04:00:00) in logs/a.jsonl, place 12"
