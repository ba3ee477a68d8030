"""The history of a dataset's checks, as `ops.audit_results` holds it: by session, and each check over time."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, replace
from datetime import datetime
from typing import Any, Final

from tidemark.audit.findings import FailingRow, Measure, rows_from_json
from tidemark.catalog import Lake, ops
from tidemark.catalog.filters import all_of, equals, one_of
from tidemark.operate.audit_verdicts import last_results
from tidemark.operate.session_outcomes import newest_sessions
from tidemark.state.effect import How

TABLE = "ops.audit_results"
MOST_SESSIONS = 100
"""The most sessions that are read at once. Iceberg finds files by at most 200 names."""

PASSED, WARNED, FAILED = "passed", "warned", "failed"
VERDICTS = (FAILED, WARNED, PASSED)
_SEVERITIES: Final[Mapping[str, str]] = {FAILED: "fail", WARNED: "warn"}


@dataclass(frozen=True)
class CheckOutcome:
    """What one check found in one session.

    `rows` is the number of rows that the session added, `measure` what was observed as numbers. Both are None, and
    `failing` is empty, in records of older versions. `examples` are failing rows as text. Texts may hold data from
    outside.
    """

    check: str
    kind: str
    severity: str
    passed: bool
    observed: str
    expected: str
    because: str
    unexpected_rows: int | None
    rows: int | None
    measure: Measure | None
    failing: tuple[FailingRow, ...]
    examples: tuple[str, ...]

    @property
    def word(self) -> str:
        """The verdict in one word: passed, warned or failed."""
        if self.passed:
            return PASSED
        return FAILED if self.severity == "fail" else WARNED


@dataclass(frozen=True)
class AuditedSession:
    """A session and the outcome of each of its checks, the worst first.

    `audited_at` is the clock of its run. `recorded_at` is the machine's clock; None in records of an older version.
    """

    session: str
    audited_at: datetime
    recorded_at: datetime | None
    checks: tuple[CheckOutcome, ...]

    @property
    def word(self) -> str:
        """The verdict in one word: passed, warned or failed."""
        words = {check.word for check in self.checks}
        return next(word for word in VERDICTS if word in words)

    @property
    def at(self) -> datetime:
        """When it was audited: by the machine's clock, or by the clock of the run if only that is on record."""
        return self.recorded_at or self.audited_at

    @property
    def rows(self) -> int | None:
        """The number of rows that the session added; None if it is not on record."""
        return self.checks[0].rows


@dataclass(frozen=True)
class CheckSeries:
    """One check over time: its outcome in each session, oldest first."""

    check: str
    kind: str
    outcomes: tuple[tuple[AuditedSession, CheckOutcome], ...]

    @property
    def last(self) -> CheckOutcome:
        """The newest outcome."""
        return self.outcomes[-1][1]

    def count(self, word: str) -> int:
        """Return how often the check ended with a verdict."""
        return sum(outcome.word == word for _, outcome in self.outcomes)


def read_history(
    lake: Lake, dataset: str, verdict: str | None = None, skip: int = 0, most: int = MOST_SESSIONS
) -> tuple[tuple[AuditedSession, ...], bool]:
    """Return the audited sessions of a dataset, newest first, and whether there are older ones.

    `verdict` names the verdict of the sessions; None means any. The newest `skip` are left out. At most MOST_SESSIONS
    are returned.
    """
    severity = _SEVERITIES.get(verdict or PASSED)
    names = _failing(lake, dataset, severity) if severity else _audited(lake, dataset)
    chosen = names[skip : skip + min(most, MOST_SESSIONS)]
    found = read_sessions(lake, chosen)
    shown = [found[name] for name in chosen if name in found and verdict in (None, found[name].word)]
    return tuple(shown), len(names) > skip + len(chosen)


def read_sessions(lake: Lake, names: Sequence[str]) -> dict[str, AuditedSession]:
    """Return the audits of sessions, by session. A session without an audit on record is left out."""
    if not names:
        return {}
    by_session: dict[str, list[Mapping[str, Any]]] = {}
    for row in ops.rows(lake, TABLE, one_of("session", names)):
        by_session.setdefault(row["session"], []).append(row)
    found = {name: _session(name, last_results(rows)) for name, rows in by_session.items()}
    return _with_files(lake, found)


def series_of(sessions: Iterable[AuditedSession]) -> tuple[CheckSeries, ...]:
    """Return each check over time. Checks that failed come first, then those that warned, then expectations."""
    found: dict[tuple[str, str], list[tuple[AuditedSession, CheckOutcome]]] = {}
    for session in reversed(tuple(sessions)):
        for outcome in session.checks:
            found.setdefault((outcome.check, outcome.kind), []).append((session, outcome))
    series = (CheckSeries(check, kind, tuple(outcomes)) for (check, kind), outcomes in found.items())
    return tuple(sorted(series, key=lambda each: (-each.count(FAILED), -each.count(WARNED), each.kind, each.check)))


def _audited(lake: Lake, dataset: str) -> list[str]:
    """Return the sessions that may have an audit, newest first. A touch writes no rows, so it has none."""
    rows = newest_sessions(lake, ops.of_dataset(dataset))
    return [row["session"] for row in rows if row["how"] != How.touch.value]


def _failing(lake: Lake, dataset: str, severity: str) -> list[str]:
    """Return the sessions with a failed check of a severity, newest first."""
    where = all_of((ops.of_dataset(dataset), equals("passed", False), equals("severity", severity)))
    rows = ops.rows(lake, TABLE, where, ("session", "recorded_at", "audited_at"))
    ordered = sorted(rows, key=lambda row: (row["recorded_at"] is not None, row["recorded_at"] or row["audited_at"]))
    return list(dict.fromkeys(row["session"] for row in reversed(ordered)))


def _session(name: str, rows: Sequence[Mapping[str, Any]]) -> AuditedSession:
    last = max(rows, key=lambda row: (row["recorded_at"] is not None, row["recorded_at"] or row["audited_at"]))
    outcomes = sorted(map(_outcome, rows), key=lambda each: (VERDICTS.index(each.word), each.kind))
    return AuditedSession(name, last["audited_at"], last["recorded_at"], tuple(outcomes))


def _outcome(row: Mapping[str, Any]) -> CheckOutcome:
    numbers = Measure(*(row[name] for name in ("observed_low", "observed_high", "expected_low", "expected_high")))
    return CheckOutcome(
        check=row["check"] or "",
        kind=row["kind"] or "",
        severity=row["severity"] or "fail",
        passed=bool(row["passed"]),
        observed=row["observed"] or "",
        expected=row["expected"] or "",
        because=row["because"] or "",
        unexpected_rows=row["unexpected_rows"],
        rows=row["rows"],
        measure=None if numbers.low is None else numbers,
        failing=rows_from_json(row["failing_rows"]),
        examples=tuple((row["examples"] or "").splitlines()),
    )


def _with_files(lake: Lake, found: Mapping[str, AuditedSession]) -> dict[str, AuditedSession]:
    """Add the path of the landed file to failing rows that know only its SHA-256."""
    rows = (row for session in found.values() for check in session.checks for row in check.failing)
    unknown = {row.file_id for row in rows if row.file is None and row.file_id}
    if not unknown:
        return dict(found)
    landed = ops.rows(lake, "ops.landed_files", one_of("sha256", unknown), ("sha256", "path"))
    paths = {row["sha256"]: row["path"] for row in landed}
    return {name: replace(session, checks=tuple(_located(session.checks, paths))) for name, session in found.items()}


def _located(checks: Iterable[CheckOutcome], paths: Mapping[str, str]) -> Iterable[CheckOutcome]:
    for check in checks:
        rows = (replace(row, file=row.file or paths.get(row.file_id or "")) for row in check.failing)
        yield replace(check, failing=tuple(rows))
