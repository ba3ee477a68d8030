"""S40: findings that prevent publishing, and audits that cannot be completed."""

from __future__ import annotations

import time
from collections.abc import Callable
from dataclasses import replace
from datetime import UTC, datetime, timedelta
from typing import Any

import pytest

from tests.audit.conftest import CLOCK, DAY, EXPECTATIONS, Bench, fired, good_row, good_rows
from tidemark.audit import Report, grain, gx, rows_for_ops, run
from tidemark.errors import AuditError
from tidemark.state.ranges import Interval
from tidemark.support.paths import to_path

pytestmark = pytest.mark.spark


def test_rows_that_were_due_and_are_not_there_fail(bench: Bench) -> None:
    _publish(bench, good_rows())
    report = bench.stage_and_audit([])
    assert fired(report) == ["rows are there"]
    assert not report.passed


def test_no_rows_where_none_were_due_pass(bench: Bench) -> None:
    _publish(bench, good_rows())
    report = bench.stage_and_audit([], rows_due=False)
    assert fired(report) == []
    assert report.passed


def test_a_count_that_the_writer_did_not_report_fails(bench: Bench) -> None:
    report = bench.stage_and_audit(good_rows(), expected_rows=21)
    assert fired(report) == ["rows reconciled with the writer"]
    assert "20 rows" in report.failures[0].observed


def test_clipped_rows_are_shown_and_never_fail(bench: Bench) -> None:
    report = bench.stage_and_audit(good_rows(), rows_clipped=7)
    [clipped] = [check for check in report.checks if check.check == "rows clipped away"]
    assert (clipped.passed, clipped.observed) == (True, "7 rows")
    assert report.passed


def test_rows_removed_outside_the_ranges_fail(bench: Bench) -> None:
    """The write replaces two days, and the plan names one."""
    _publish(bench, [good_row(1, seen_at=datetime(2026, 4, 10, tzinfo=UTC)), *good_rows()])
    staged = bench.stage(good_rows(), (Interval(datetime(2026, 4, 10, tzinfo=UTC), DAY[0].end),))
    report = bench.audit(staged, 20, DAY)
    assert fired(report) == ["removed rows inside the session's ranges"]


def test_an_append_that_removed_rows_fails(bench: Bench) -> None:
    _publish(bench, good_rows())
    staged = bench.stage(good_rows(3), DAY)
    assert "nothing removed" in fired(bench.audit(staged, 3, None, appended_only=True))


def test_older_rows_left_beside_the_new_ones_fail(bench: Bench) -> None:
    """The plan replaces a day, and the write only appends to it."""
    _publish(bench, [good_row(n, account=f"old-{n}") for n in range(4)])
    report = bench.audit(bench.stage(good_rows(), None), 20, DAY)
    assert fired(report) == ["rows read back"]
    assert (report.failures[0].observed, report.failures[0].expected) == ("24 rows", "20 rows")


def test_a_file_that_spans_a_gap_of_the_ranges_is_read(bench: Bench) -> None:
    """A file covers a day, so its bounds do not show whether an hour between two ranges is empty."""
    morning = Interval(datetime(2026, 4, 11, 0, tzinfo=UTC), datetime(2026, 4, 11, 2, tzinfo=UTC))
    evening = Interval(datetime(2026, 4, 11, 20, tzinfo=UTC), DAY[0].end)
    ends = [good_row(n) for n in (0, 1, 20, 23)]
    assert fired(bench.stage_and_audit(ends, (morning, evening))) == []
    bench.lake.remove_branch(bench.spec.dataset, "session_s1_a")
    report = bench.stage_and_audit([*ends, good_row(12)], (morning, evening))
    assert fired(report) == ["seen_at inside the session's ranges"]
    assert report.failures[0].examples == ("2026-04-11 12:00:00 (account-012, 2026-04-11 12:00:00)",)


def test_files_without_counts_are_read(bench: Bench) -> None:
    """A table may have no metrics of a column. The rules of the column are checked in the rows then."""
    with bench.table().transaction() as change:
        change.set_properties(
            {"write.metadata.metrics.column.logins": "none", "write.metadata.metrics.column.score": "none"}
        )
    bad = [
        good_row(1, account="a", logins=None),
        good_row(2, account="b", logins=-3),
        good_row(3, account="c", score=2.0),
    ]
    report = bench.stage_and_audit([*good_rows(), *bad])
    assert fired(report) == ["logins is never null", "logins between 0 and 100", "score between 0 and 1"]
    assert [check.unexpected_rows for check in report.failures] == [1, 1, 1]


def test_files_without_event_times_fail(bench: Bench) -> None:
    with bench.table().transaction() as change:
        change.set_properties({"write.metadata.metrics.column.seen_at": "counts"})
    report = bench.stage_and_audit(good_rows())
    assert fired(report) == ["seen_at has bounds in every file"]


def test_repeats_are_found_across_slices_and_in_masses(bench: Bench, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(grain, "SLICE", 7)
    monkeypatch.setattr(grain, "MAX_SUSPECTS", 4)
    report = bench.stage_and_audit([*good_rows(), *good_rows(10), *good_rows(3)])
    [failure] = report.failures
    assert failure.unexpected_rows == 13
    assert failure.observed == "13 of 33 rows repeat the grain of another row"
    assert failure.examples[0] == "3 times (account-000, 2026-04-11 00:00:00)"


def test_equal_hashes_of_different_grains_are_no_repeats(bench: Bench, monkeypatch: pytest.MonkeyPatch) -> None:
    from pyspark.sql import functions as F

    monkeypatch.setattr(F, "xxhash64", lambda *names: F.lit(7).cast("long"))
    assert fired(bench.stage_and_audit(good_rows())) == []


def test_a_snapshot_that_is_missing_is_no_report(bench: Bench) -> None:
    with pytest.raises(AuditError, match="not in the table"):
        bench.audit(1234567, 0, DAY)


def test_a_snapshot_on_another_base_is_no_report(bench: Bench) -> None:
    staged = bench.stage(good_rows(), DAY)
    with pytest.raises(AuditError, match="not on the plan's base"):
        bench.audit(staged, 20, DAY, base_snapshot_id=1234567)


def test_an_audit_that_takes_too_long_is_no_report(bench: Bench, monkeypatch: pytest.MonkeyPatch) -> None:
    def forever(*_: Any) -> None:
        time.sleep(5)

    monkeypatch.setattr(run, "find_repeats", forever)
    staged = bench.stage(good_rows(), DAY)
    with pytest.raises(AuditError, match="did not end within"):
        bench.audit(staged, 20, DAY, limit=timedelta(milliseconds=50))


@pytest.mark.parametrize("part", ["find_repeats", "_rule_checks", "_expectation_checks"])
def test_an_audit_that_errs_is_no_report(bench: Bench, monkeypatch: pytest.MonkeyPatch, part: str) -> None:
    monkeypatch.setattr(run, part, _raising(RuntimeError("the disk is full")))
    staged = bench.stage(good_rows(), DAY)
    with pytest.raises(AuditError, match="the disk is full"):
        bench.audit(staged, 20, DAY)


@pytest.mark.parametrize("logins", [1, -1])
def test_a_page_that_cannot_be_written_changes_no_verdict(bench: Bench, logins: int) -> None:
    bench.reports.write_text("a file where the folder should be")
    report = bench.stage_and_audit([*good_rows(), good_row(4, account="a", logins=logins)])
    assert report.passed == (logins == 1)
    assert report.site is None
    assert report.page_fault.startswith("no page of this session was written: NotADirectoryError: ")
    if not report.passed:
        assert f"report: {report.page_fault}" in report.describe()


def test_a_library_page_that_cannot_be_rendered_changes_no_verdict(
    bench: Bench, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(gx, "_render", _raising(RuntimeError("no template")))
    bench.spec = replace(bench.spec, expectations=EXPECTATIONS)
    report = bench.stage_and_audit(good_rows())
    assert report.passed and report.site is not None
    assert report.page_fault == "the page of its expectations was not written: RuntimeError: no template"
    assert not report.site.with_name("expectations.html").exists()
    assert "expectations.html" not in report.site.read_text(encoding="utf-8")


def test_a_broken_data_file_is_no_report(bench: Bench) -> None:
    staged = bench.stage(good_rows(), DAY)
    _overwrite_first_file(bench, staged)
    with pytest.raises(AuditError, match="could not be completed"):
        bench.audit(staged, 20, DAY)


def test_the_report_becomes_a_row_a_check(bench: Bench) -> None:
    report = bench.stage_and_audit([*good_rows(), good_row(4, account="a", logins=-1)])
    rows = rows_for_ops(report, CLOCK)
    assert len(rows) == len(report.checks)
    [bad] = [row for row in rows if not row["passed"]]
    assert bad["check"] == "logins between 0 and 100"
    assert bad["unexpected_rows"] == 1
    assert bad["examples"] == "-1 (a, 2026-04-11 04:00:00)"
    assert bad["audited_at"] == CLOCK


def _publish(bench: Bench, rows: list[dict[str, Any]]) -> None:
    bench.stage(rows)
    bench.table().manage_snapshots().set_current_snapshot(ref_name="session_s1_a").commit()
    bench.lake.remove_branch(bench.spec.dataset, "session_s1_a")


def _raising(error: Exception) -> Callable[..., Report]:
    def fail(*_: Any, **__: Any) -> Report:
        raise error

    return fail


def _overwrite_first_file(bench: Bench, staged: int) -> None:
    tasks = list(bench.table().scan(snapshot_id=staged).plan_files())
    path = to_path(tasks[0].file.file_path)
    path.write_bytes(b"PAR1 no longer a file of columns PAR1")
