"""The verdict of a report, and its error message."""

from __future__ import annotations

from dataclasses import replace
from pathlib import Path

from tidemark.audit import CheckResult, Report
from tidemark.audit.findings import FailingRow

GOOD = CheckResult("rows are there", "floor", "fail", True, "9 rows", "at least 1 row")
BAD = CheckResult(
    "grade between 0 and 4",
    "floor",
    "fail",
    False,
    "0 to 4.0000004",
    "between 0 and 4",
    37,
    tuple(
        FailingRow({"grade": grade}, {"query": query}) for grade, query in (("4.0000002", "q1"), ("4.0000004", "q2"))
    ),
)
WARNED = replace(GOOD, check="mean of grade", severity="warn", passed=False)


def _report(*checks: CheckResult) -> Report:
    site = Path("/reports/index.html")
    return Report("search.labels", "20260412-7f3a", 7, checks, 9, site, "jobs/ranking/labels/labels.py")


def test_a_report_without_checks_never_passes() -> None:
    assert not _report().passed
    assert "no check was run" in _report().describe()


def test_one_failed_check_of_severity_fail_decides() -> None:
    assert _report(GOOD).passed
    assert _report(GOOD, WARNED).passed
    assert not _report(GOOD, WARNED, BAD).passed


def test_the_error_says_what_where_and_what_next() -> None:
    assert _report(GOOD, BAD, WARNED).describe().splitlines() == [
        "search.labels, session 20260412-7f3a: 1 of 3 checks failed; main is unchanged",
        "  grade between 0 and 4: 37 rows, for example 4.0000002 (q1), 4.0000004 (q2)",
        "  report: /reports/index.html",
        '  next: correct jobs/ranking/labels/labels.py, then clear "write_audit_publish" in this run; '
        "see docs/runbooks/audit-failed.md",
    ]


def test_an_error_stays_short_whatever_the_data_holds() -> None:
    wide = replace(BAD, failing=(FailingRow({"grade": "long\n" * 500}, {"query": "long\n" * 500}),) * 5)
    text = _report(*[wide] * 30).describe()
    assert len(text.splitlines()) <= 9
    assert max(len(line) for line in text.splitlines()) < 160
