"""A history of audits: a share that drifts towards its bound, a failure with rows, and records of an older version."""

from __future__ import annotations

from collections.abc import Iterator
from datetime import UTC, datetime, timedelta
from typing import Any

from tidemark.audit import CheckResult, Report, rows_for_ops
from tidemark.audit.findings import FailingRow, Measure, measure_of
from tidemark.catalog import Lake, ops
from tidemark.state.effect import ReplaceRanges
from tidemark.state.plan import Plan
from tidemark.state.watermark import Watermark

DRIFTING, FILE = "search.user_actions", "logs/shop.jsonl"
SESSIONS = 16
FIRST = datetime(2026, 4, 1, 3, tzinfo=UTC)
SHARE = "rows where action = 'other'"
FAILING_SESSION, OLD_SESSION = "drift-13", "drift-00"
LANDED_ID = "f" * 64


def add_audits(lake: Lake, hostile: str) -> None:
    """Write the audits of SESSIONS sessions, two a day. `hostile` stands in every text that may come from the data."""
    sessions, results, closed = list[dict[str, Any]](), list[dict[str, Any]](), list[dict[str, Any]]()
    for number in range(SESSIONS):
        name, at = f"drift-{number:02}", FIRST + timedelta(hours=12 * number)
        plan = Plan(DRIFTING, "u", 0, 0, "f", "l", at, ReplaceRanges((), ()), session=name).to_json()
        row = {"session": name, "dataset": DRIFTING, "how": "overwrite", "planned_at": at, "recorded_at": at}
        sessions.append({**row, "plan": plan})
        report = Report(DRIFTING, name, number + 1, tuple(_checks(number, hostile)), rows=1000 + number)
        rows = rows_for_ops(report, at)
        results += [{**_stored(name, each), "recorded_at": at} for each in rows]
        if report.passed:
            done = {"session": name, "dataset": DRIFTING, "current": Watermark(name, number, at, at).to_json()}
            closed.append({**done, "committed_at": at, "recorded_at": at})
    ops.append(lake, "ops.sessions", sessions)
    ops.append(lake, "ops.audit_results", results)
    ops.append(lake, "ops.high_watermarks", closed)
    landed = {"dataset": DRIFTING, "session": "drift-01", "path": FILE, "size": 1, "sha256": LANDED_ID}
    ops.append(lake, "ops.landed_files", [{**landed, "landed_at": FIRST}])


def _stored(name: str, row: dict[str, Any]) -> dict[str, Any]:
    """Return a row as it is on record: without numbers if an older version wrote it."""
    added = ("rows", "observed_low", "observed_high", "expected_low", "expected_high", "failing_rows")
    return {key: value for key, value in row.items() if name != OLD_SESSION or key not in added}


def _checks(number: int, hostile: str) -> Iterator[CheckResult]:
    """Yield a floor check that always passes, bounds, and a share that grows from 10 % to 55 %: it warns at the end."""
    share = 0.1 + 0.03 * number
    yield CheckResult("grain is unique (a)", "floor", "fail", True, "0 rows", "0 rows")
    high, fails = (900 if f"drift-{number:02}" == FAILING_SESSION else 40 + number), number == 13
    yield CheckResult(
        "position between 1 and 500",
        "floor",
        "fail",
        not fails,
        f"1 to {high}",
        "between 1 and 500",
        3 if fails else 0,
        (_row("900", hostile, FILE), _row("901", hostile, None), _row(None, hostile, FILE)) if fails else (),
        f"position: {hostile}",
        Measure(1, high, 1, 500),
    )
    yield CheckResult(
        SHARE,
        "expectation",
        "warn",
        share <= 0.5,
        f"{100 * share:.4g}%",
        "at most 50% of rows",
        int(1000 * share),
        (FailingRow({"action": "other"}, {"application": hostile, "record_id": "r1"}),) if share > 0.5 else (),
        "actions that mean nothing",
        measure_of(share, most=0.5),
    )


def _row(value: str | None, hostile: str, file: str | None) -> FailingRow:
    grain = {"application": "shop", "record_id": hostile, "file_id": LANDED_ID}
    return FailingRow({"position": value}, grain, file, LANDED_ID, 7)
