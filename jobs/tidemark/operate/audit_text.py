"""Words about the history of audits, shared by the command line and the pages."""

from __future__ import annotations

import shlex
from collections.abc import Iterator

from tidemark.operate.audit_history import FAILED, WARNED, AuditedSession, CheckOutcome, CheckSeries
from tidemark.spec import DatasetSpec

SHARE = "rows where "
"""How the text of a check begins that observes a share of rows."""
RUNBOOK = "audit-failed"
"""The runbook of `docs/runbooks` for a check that did not pass."""
LEAST_FOR_A_TREND = 8
"""With fewer numbers, a difference between the first and the last of them says nothing."""


def shown_number(series: CheckSeries, number: float) -> str:
    """Return a number that a check observed, as a percentage if it is a share."""
    if series.check.startswith(SHARE):
        return f"{100 * number:.3g}%"
    return f"{int(number):,}" if float(number).is_integer() and abs(number) < 1e15 else f"{number:.4g}"


def describe_trend(series: CheckSeries) -> str:
    """Return the medians of the first and of the last quarter of what was observed; empty if they are equal."""
    measures = [outcome.measure for _, outcome in series.outcomes if outcome.measure]
    middles = [(m.low + m.high) / 2 for m in measures if m.low is not None and m.high is not None]
    if len(middles) < LEAST_FOR_A_TREND:
        return ""
    quarter = len(middles) // 4
    before, now = (shown_number(series, _median(part)) for part in (middles[:quarter], middles[-quarter:]))
    return f"typically {before}, then {now}" if before != now else ""


def _median(numbers: list[float]) -> float:
    return sorted(numbers)[len(numbers) // 2]


def describe_counts(session: AuditedSession) -> str:
    """Return how many checks of a session failed or warned, for example `1 failed, 2 warned of 23 checks`."""
    counts = ((word, sum(check.word == word for check in session.checks)) for word in (FAILED, WARNED))
    said = ", ".join(f"{number} {word}" for word, number in counts if number)
    return f"{said or 'none failed'} of {len(session.checks)} checks"


def next_steps(spec: DatasetSpec, check: CheckOutcome) -> Iterator[str]:
    """Yield what to do about a check that did not pass, each step with its command. `RUNBOOK` says more."""
    if check.passed:
        return
    command = f".venv/bin/tidemark run {spec.dataset}"
    if check.word == WARNED:
        yield "the rows are published; correct the cause, or the check in the spec"
    elif spec.landing is not None:
        yield f"correct the files, then clear the failed task of the run in Airflow, or: {command}"
    else:
        yield (
            f"correct the cause, then clear the failed task of the run in Airflow; without a run there: {command}, "
            "or, if a range was asked for, the same command with its range"
        )
    key = _key(spec, check) if check.word == WARNED else ""
    if key:
        yield f"where the first row comes from: .venv/bin/tidemark explain {spec.dataset} {key}"


def _key(spec: DatasetSpec, check: CheckOutcome) -> str:
    """Return the grain of the first failing row as arguments of `tidemark explain`; empty if it is not known whole."""
    if not check.failing:
        return ""
    grain = check.failing[0].grain
    if any(value is None or value.endswith("…") for value in grain.values()):
        return ""
    return " ".join(shlex.quote(f"{name}={value}") for name, value in grain.items() if name in spec.grain)
