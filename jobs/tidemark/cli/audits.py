"""`tidemark audits`: what the audits said, by day and dataset; or the history of one dataset's checks."""

from __future__ import annotations

import argparse
from collections.abc import Iterator, Sequence
from datetime import UTC, datetime, timedelta
from itertools import groupby
from typing import Any

from tidemark.cli.as_json import print_json
from tidemark.operate.audit_history import (
    MOST_SESSIONS,
    PASSED,
    AuditedSession,
    CheckOutcome,
    CheckSeries,
    read_history,
    series_of,
)
from tidemark.operate.audit_nights import DatasetNight, read_nights
from tidemark.operate.audit_text import RUNBOOK, describe_counts, describe_trend, next_steps
from tidemark.operate.lakes import open_existing_lake
from tidemark.settings import load_settings
from tidemark.settings.run_parameters import check_dataset
from tidemark.spec import DatasetSpec
from tidemark.spec.load import load_specs
from tidemark.state.codec import encode
from tidemark.steps.context import find_spec
from tidemark.support.text import printable

LOOK_BACK = timedelta(days=14)
"""How far back the days of all datasets are listed."""


def audits(options: argparse.Namespace) -> int:
    """Print the days of all datasets, or the sessions of one; with --check, that check over time."""
    settings = load_settings()
    specs = load_specs(settings.schemas, settings.values)
    spec = find_spec(specs, check_dataset(options.dataset)) if options.dataset is not None else None
    lake = open_existing_lake(settings)
    if spec is None:
        nights = read_nights(lake, datetime.now(UTC) - LOOK_BACK, options.verdict)
        days = [{**encode(night), "day": str(night.day), "verdict": night.word} for night in nights]
        return _print(options, {"days": days}, list(_night_lines(nights)))
    most = max(0, min(options.last, MOST_SESSIONS))
    sessions, more = read_history(lake, spec.dataset, options.verdict, most=most)
    facts = {"dataset": spec.dataset, "sessions": [_facts(session) for session in sessions], "older": more}
    if options.check is None:
        return _print(options, facts, list(_session_lines(spec, sessions)))
    chosen = [series for series in series_of(sessions) if options.check in series.check]
    over_time = [{"check": series.check, "kind": series.kind, "outcomes": _outcomes(series)} for series in chosen]
    return _print(options, {**facts, "sessions": len(sessions), "checks": over_time}, list(_series_lines(chosen)))


def _print(options: argparse.Namespace, facts: dict[str, object], lines: Sequence[str]) -> int:
    if options.json:
        print_json(facts)
    else:
        print("\n".join(printable(line) for line in lines) or "no matching audit is on record")
    return 0


def _facts(session: AuditedSession) -> dict[str, Any]:
    checks = [{**encode(check), "verdict": check.word} for check in session.checks]
    return {**encode(session), "verdict": session.word, "checks": checks}


def _outcomes(series: CheckSeries) -> list[dict[str, Any]]:
    return [{"session": session.session, "at": session.at, **encode(found)} for session, found in series.outcomes]


def _night_lines(nights: Sequence[DatasetNight]) -> Iterator[str]:
    width = max((len(night.dataset) for night in nights), default=0)
    for day, found in groupby(nights, key=lambda night: night.day):
        yield f"{day} (planned on this day in UTC, by the machine's clock)"
        for night in found:
            counts = ((len(night.failed), "failed"), (len(night.warned), "warned"), (night.passed, "passed"))
            said = ", ".join(f"{number} {word}" for number, word in counts if number)
            yield f"  {night.dataset:<{width}}  {said}" + "".join(f"  {name}" for name in night.failed[:3])


def _session_lines(spec: DatasetSpec, sessions: Sequence[AuditedSession]) -> Iterator[str]:
    for day, found in groupby(sessions, key=lambda session: session.at.date()):
        yield str(day)
        for session in found:
            rows = f"{session.rows:,} rows" if session.rows is not None else "rows not on record"
            yield f"  {session.at:%H:%MZ}  {session.session}  {session.word}, {describe_counts(session)}, {rows}"
            for check in session.checks:
                if check.word != PASSED:
                    yield from (f"    {line}" for line in _check_lines(spec, check))


def _check_lines(spec: DatasetSpec, check: CheckOutcome) -> Iterator[str]:
    yield f"{check.word}: {check.check}: {check.observed}, expected {check.expected}"
    shown = [str(row) for row in check.failing] or list(check.examples)
    yield from (f"  {row}" for row in shown)
    yield from (f"  next: {step}" for step in next_steps(spec, check))
    if not check.passed:
        yield f"  more: docs/runbooks/{RUNBOOK}.md"


def _series_lines(found: Sequence[CheckSeries]) -> Iterator[str]:
    for series in found:
        trend = describe_trend(series)
        yield f"{series.check}, expected {series.last.expected}" + (f"; {trend}" if trend else "")
        for session, outcome in series.outcomes:
            rows = "-" if outcome.rows is None else f"{outcome.rows:,}"
            at = f"{session.at:%Y-%m-%d %H:%MZ}"
            yield f"  {at}  {session.session:<22}  {outcome.word:<6}  {rows:>12} rows  {outcome.observed}"
