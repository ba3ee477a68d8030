"""What an audit found, as frozen data."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime
from pathlib import Path
from typing import Any, Literal

Kind = Literal["floor", "expectation"]
Severity = Literal["fail", "warn"]

SHOWN_FAILURES = 4
"""Failed checks that an error names; the page shows all. Keeps the message under ten lines."""

SHOWN_LETTERS = 110
"""Letters of a line's details in an error message."""


@dataclass(frozen=True)
class CheckResult:
    """One check: what was seen, what should have been.

    `unexpected_rows` is None where the check is not about single rows. `examples` are at most five values
    with the row they stand in, as text; they come from the data and must be escaped wherever they are shown.
    """

    check: str
    kind: Kind
    severity: Severity
    passed: bool
    observed: str
    expected: str
    unexpected_rows: int | None = None
    examples: tuple[str, ...] = ()
    because: str = ""

    def describe(self) -> str:
        """One line: the check, and what was found instead."""
        found = (
            count_rows(self.unexpected_rows) if self.unexpected_rows else f"{self.observed}, expected {self.expected}"
        )
        if self.examples:
            found += ", for example " + ", ".join(self.examples)
        return f"{self.check}: {cut(found, SHOWN_LETTERS)}"


@dataclass(frozen=True)
class Report:
    """The audit of one staged snapshot. `rows` counts what the session added.

    `site` is its page, None while there is none; `page_fault` says what of its pages could not be written, and why.
    What a failure has people do: `mend` what is wrong, then `clear` that task.
    """

    dataset: str
    session: str
    snapshot_id: int
    checks: tuple[CheckResult, ...]
    rows: int
    site: Path | None = None
    mend: str = "the transform"
    clear: str = "write_audit_publish"
    page_fault: str = ""

    @property
    def passed(self) -> bool:
        """Whether there are checks, and none of severity fail failed."""
        return bool(self.checks) and not self.failures

    @property
    def failures(self) -> tuple[CheckResult, ...]:
        """Failed checks that keep the rows from being published."""
        return tuple(c for c in self.checks if not c.passed and c.severity == "fail")

    @property
    def warnings(self) -> tuple[CheckResult, ...]:
        """Failed checks that are shown and keep nothing back."""
        return tuple(c for c in self.checks if not c.passed and c.severity == "warn")

    def describe(self) -> str:
        """The text of AuditFailed: what failed, where it is shown, what to do. At most eight lines."""
        if not self.checks:
            return f"{self._place}: no check was made, so nothing may be published; main is unchanged"
        if not self.failures:
            return f"{self._place}: passed {len(self.checks) - len(self.warnings)} of {len(self.checks)} checks"
        demanded = sum(c.severity == "fail" for c in self.checks)
        lines = [f"{self._place}: {len(self.failures)} of {demanded} fail checks failed; main is unchanged"]
        lines += [f"  {check.describe()}" for check in self.failures[:SHOWN_FAILURES]]
        if len(self.failures) > SHOWN_FAILURES:
            lines.append(f"  and {len(self.failures) - SHOWN_FAILURES} more")
        lines.append(f"  report: {self.site or self.page_fault or 'no page was written'}")
        lines.append(f'  next: mend {self.mend}, then clear "{self.clear}" in this run; {RUNBOOK}')
        return "\n".join(lines)

    @property
    def _place(self) -> str:
        return f"{self.dataset}, session {self.session}"


RUNBOOK = "see docs/runbooks/audit-failed.md"


def rows_for_ops(report: Report, clock: datetime) -> list[dict[str, Any]]:
    """The report as rows of `ops.audit_results`, one a check; `clock` is the instant of the run."""
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
        }
        for check in report.checks
    ]


def cut(text: str, letters: int) -> str:
    """The text on one line, no longer than `letters`."""
    line = " ".join(text.split())
    return line if len(line) <= letters else line[: letters - 1] + "…"


def bounds_text(low: Any, high: Any) -> str:
    """How a lower and an upper bound are said; one of them may be None."""
    if low is not None and high is not None:
        return f"between {low} and {high}"
    return f"at least {low}" if low is not None else f"at most {high}"


def count_rows(rows: int) -> str:
    """A number of rows, said as people say it."""
    return "1 row" if rows == 1 else f"{rows:,} rows"
