"""The report of an audit, as frozen data."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime
from pathlib import Path
from typing import Any, Literal

from tidemark.audit.findings import FailingRow, Measure, rows_to_json
from tidemark.support.text import count, cut

Kind = Literal["floor", "expectation"]
Severity = Literal["fail", "warn"]

SHOWN_FAILURES = 4
"""The number of failed checks that an error message names, so that it stays under ten lines. The page shows all."""

MAX_DETAIL_LENGTH = 110
"""The number of characters of details in one line of an error message."""


@dataclass(frozen=True)
class CheckResult:
    """The result of one check: what was observed and what was expected.

    `unexpected_rows` is the number of rows that fail the check, None if the check is not about single rows. `failing`
    are at most five of them. They come from the data, so escape them when you show them. `measure` is what was
    observed as numbers, None if it is not a number.
    """

    check: str
    kind: Kind
    severity: Severity
    passed: bool
    observed: str
    expected: str
    unexpected_rows: int | None = None
    failing: tuple[FailingRow, ...] = ()
    because: str = ""
    measure: Measure | None = None

    @property
    def examples(self) -> tuple[str, ...]:
        """The failing rows as text."""
        return tuple(str(row) for row in self.failing)

    def describe(self) -> str:
        """Return one line with the check and what was found instead."""
        found = (
            count(self.unexpected_rows, "row") if self.unexpected_rows else f"{self.observed}, expected {self.expected}"
        )
        if self.examples:
            found += ", for example " + ", ".join(self.examples)
        return f"{self.check}: {cut(found, MAX_DETAIL_LENGTH)}"


@dataclass(frozen=True)
class Report:
    """The audit of one staged snapshot. `rows` is the number of rows that the session added.

    `site` is the report's page, None if there is none. `address` is where a browser finds it; empty if only the file
    is known. `page_fault` says which pages could not be written, and why. A failed report tells people to correct
    `to_fix` and then to clear `task_to_clear` in Airflow.
    """

    dataset: str
    session: str
    snapshot_id: int
    checks: tuple[CheckResult, ...]
    rows: int
    site: Path | None = None
    to_fix: str = "the transform"
    task_to_clear: str = "write_audit_publish"
    page_fault: str = ""
    address: str = ""

    @property
    def passed(self) -> bool:
        """Whether there are checks, and every check of severity fail has passed."""
        return bool(self.checks) and not self.failures

    @property
    def failures(self) -> tuple[CheckResult, ...]:
        """The failed checks of severity fail. If there is one, nothing is published."""
        return tuple(c for c in self.checks if not c.passed and c.severity == "fail")

    @property
    def warnings(self) -> tuple[CheckResult, ...]:
        """The failed checks of severity warn. They are only shown."""
        return tuple(c for c in self.checks if not c.passed and c.severity == "warn")

    def describe(self) -> str:
        """Return the message of AuditFailed: what failed, where the report is, what to do. At most eight lines."""
        if not self.checks:
            return f"{self._place}: no check was run, so nothing is published; main is unchanged"
        if not self.failures:
            return f"{self._place}: passed {len(self.checks) - len(self.warnings)} of {len(self.checks)} checks"
        lines = [f"{self._place}: {len(self.failures)} of {len(self.checks)} checks failed; main is unchanged"]
        lines += [f"  {check.describe()}" for check in self.failures[:SHOWN_FAILURES]]
        if len(self.failures) > SHOWN_FAILURES:
            lines.append(f"  and {len(self.failures) - SHOWN_FAILURES} more")
        lines.append(f"  report: {self.place}")
        lines.append(f'  next: correct {self.to_fix}, then clear "{self.task_to_clear}" in this run; {RUNBOOK}')
        return "\n".join(lines)

    @property
    def place(self) -> str:
        """Where the page is: its address, else its file, else why there is none."""
        return self.address or str(self.site or self.page_fault or "no page was written")

    @property
    def _place(self) -> str:
        return f"{self.dataset}, session {self.session}"


RUNBOOK = "see docs/runbooks/audit-failed.md"
NOT_MEASURED = Measure(None, None)


def rows_for_ops(report: Report, clock: datetime) -> list[dict[str, Any]]:
    """Return the report as rows of `ops.audit_results`, one for each check. `clock` is the instant of the run."""
    return [
        {
            "dataset": report.dataset,
            "session": report.session,
            "snapshot_id": report.snapshot_id,
            "check": check.check,
            "kind": check.kind,
            "severity": check.severity,
            "passed": check.passed,
            "observed": check.observed,
            "expected": check.expected,
            "unexpected_rows": check.unexpected_rows,
            "examples": "\n".join(check.examples),
            "because": check.because,
            "audited_at": clock,
            "rows": report.rows,
            "failing_rows": rows_to_json(check.failing) if check.failing else None,
            **(check.measure or NOT_MEASURED).columns(),
        }
        for check in report.checks
    ]


def bounds_text(low: Any, high: Any) -> str:
    """Return bounds as text, for example `between 0 and 4`. One of them may be None."""
    if low is not None and high is not None:
        return f"between {low} and {high}"
    return f"at least {low}" if low is not None else f"at most {high}"
