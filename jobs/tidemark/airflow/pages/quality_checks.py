"""The checks of a dataset on its page of data quality: what failed, and what each check found over time."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Sequence
from html import escape
from urllib.parse import quote

from tidemark.airflow.pages import html
from tidemark.airflow.pages.charts import Point, chart
from tidemark.airflow.pages.status import VERDICT_TONES
from tidemark.audit.findings import FailingRow
from tidemark.operate.audit_history import PASSED, AuditedSession, CheckOutcome, CheckSeries
from tidemark.operate.audit_text import RUNBOOK, describe_trend, next_steps, shown_number
from tidemark.spec import DatasetSpec

MOST_PROBLEMS = 12
"""The most failed checks whose rows are shown. The pages of the sessions' audits show all."""

_VALUES = {"Audited": "wall clock", "Session": "its verdict", "Rows": "added", "Observed": "by the check"}
_QUIET = {"Check": "why", "Expected": "as of the last session", "Passed": "times"}


def problem_cards(
    spec: DatasetSpec, sessions: Sequence[AuditedSession], newest: AuditedSession | None, place: str, root: str
) -> str:
    """Return the checks that failed, newest first: each as it failed last, with rows, their places, and what to do.

    `newest` is the newest audited session of the dataset, whether among `sessions` or not. It is named if a check
    passed there. An audit sees the rows of its session only, so the earlier rows may still have to be mended.
    """
    problems: dict[str, list[tuple[AuditedSession, CheckOutcome]]] = {}
    for session in sessions:
        for check in session.checks:
            if not check.passed:
                problems.setdefault(check.check, []).append((session, check))
    if not problems:
        return ""
    shown = list(problems.values())[:MOST_PROBLEMS]
    cards = "".join(
        _problem(found[0], _earlier(found, place), _next(spec, *found[0], newest, root), root) for found in shown
    )
    more = len(problems) - len(shown)
    note = html.small(f"and {more} other checks; the pages of the sessions name them") if more else ""
    return f'<section><h2>What did not pass</h2><div class="cards">{cards}</div>{note}</section>'


def _earlier(found: Sequence[tuple[AuditedSession, CheckOutcome]], place: str) -> str:
    if len(found) == 1:
        return ""
    link = html.link(_check_address(place, found[0][1].check), f"in {len(found) - 1} earlier sessions")
    return f"; also {link}"


def _check_address(place: str, check: str) -> str:
    return f"{place}?check={quote(check, safe='')}"


def _problem(found: tuple[AuditedSession, CheckOutcome], earlier_html: str, next_html: str, root: str) -> str:
    session, check = found
    link = html.link(html.path(root, "sessions", session.session), session.session) + earlier_html
    rows = f"<p>{check.unexpected_rows:,} rows fail, for example:</p>" if check.unexpected_rows else ""
    return (
        f'<article class="{VERDICT_TONES[check.word]}"><h3>{escape(check.check)} '
        f"{html.badge(check.word, VERDICT_TONES[check.word])}</h3>"
        f'<p class="code">{html.time(session.at)}, session {link}</p>'
        f"<p><b>{escape(check.observed)}</b>, expected {escape(check.expected)}</p>"
        f"{rows}{_failing(check)}"
        f'<p class="because">{escape(check.because)}</p>{next_html}</article>'
    )


def _failing(check: CheckOutcome) -> str:
    if not check.failing:
        return html.items(check.examples)
    head = dict.fromkeys(check.failing[0].values, "checked")
    head |= {name: "grain" for name in check.failing[0].grain if name not in head}
    knows_place = any(row.where() for row in check.failing)
    return html.table(
        head | ({"Landed": "file, place"} if knows_place else {}), _cells(check.failing, head, knows_place)
    )


def _cells(rows: Iterable[FailingRow], head: Iterable[str], knows_place: bool) -> Iterator[tuple[str, ...]]:
    for row in rows:
        known = {**row.grain, **row.values}
        texts = [f'<span class="code">{escape(_text(known.get(name)))}</span>' for name in head]
        yield (*texts, *([escape(row.where().removeprefix("in ")) or html.DASH] if knows_place else []))


def _text(value: str | None) -> str:
    return "null" if value is None else value


def _next(
    spec: DatasetSpec, session: AuditedSession, check: CheckOutcome, newest: AuditedSession | None, root: str
) -> str:
    """Return what to do about a failed check, and before it, where the check has passed since."""
    since = ""
    if newest is not None and newest.at > session.at and _passes(newest, check):
        passed = html.link(html.path(root, "sessions", newest.session), newest.session)
        since = f"<p>{html.badge('passed since', 'good')} in session {passed}, for the rows of that session.</p>"
    more = html.link(html.path(root, "runbooks", RUNBOOK), f"the runbook {RUNBOOK}")
    begin = "If its rows are still wanted:" if since else "Next:"
    return f"{since}<p>{begin}</p>{html.items(next_steps(spec, check))}<p>More: {more}</p>"


def _passes(session: AuditedSession, check: CheckOutcome) -> bool:
    outcomes = [each.passed for each in session.checks if each.check == check.check]
    return bool(outcomes) and all(outcomes)


def course_cards(sessions: Sequence[AuditedSession], series: Sequence[CheckSeries], place: str) -> str:
    """Return a chart for the rows of the sessions, and for each check that observes numbers or ever failed rows."""
    cards = [_rows_card(sessions), *(_card(each, place) for each in series if _points(each))]
    shown = "".join(card for card in cards if card)
    if not shown:
        return ""
    note = "Oldest on the left. A dashed line is a bound of the check, if it is near."
    return f'<section><h2>Checks over time</h2><p>{note}</p><div class="charts">{shown}</div></section>'


def _rows_card(sessions: Sequence[AuditedSession]) -> str:
    counts = [session.rows for session in reversed(sessions) if session.rows is not None]
    if len(counts) < 2:
        return ""
    title = f"{min(counts):,} to {max(counts):,}"
    drawn = chart([Point(count, count) for count in counts], None, None, title)
    return f"<article><h3>Rows added by a session</h3>{drawn}{html.small(f'{title}; last {counts[-1]:,}')}</article>"


def _points(series: CheckSeries) -> list[Point]:
    """Return what a chart shows of a check: its numbers, or else how many rows failed, if any ever did."""
    tones = [(outcome, "" if outcome.passed else VERDICT_TONES[outcome.word]) for _, outcome in series.outcomes]
    measured = [
        Point(m.low, m.high, tone)
        for outcome, tone in tones
        if (m := outcome.measure) is not None and m.low is not None and m.high is not None
    ]
    if measured:
        return measured if len(measured) > 1 else []
    counted = [Point(outcome.unexpected_rows or 0, outcome.unexpected_rows or 0, tone) for outcome, tone in tones]
    return counted if len(counted) > 1 and any(point.high for point in counted) else []


def _card(series: CheckSeries, place: str) -> str:
    last = series.last
    link = html.link(_check_address(place, series.check), "each value")
    said = "; ".join(text for text in (f"last {last.observed}", describe_trend(series)) if text)
    return (
        f'<article class="{_worst(series)}"><h3>{escape(series.check)}</h3>{_drawn(series)}'
        f"<p>{escape(said)}</p>{html.small(f'expected {last.expected}')}{link}</article>"
    )


def _drawn(series: CheckSeries) -> str:
    points, bounds = _points(series), series.last.measure
    least, most = (bounds.least, bounds.most) if bounds else (None, None)
    numbers = [shown_number(series, value) for value in (min(p.low for p in points), max(p.high for p in points))]
    first, last = (series.outcomes[end][0].at for end in (0, -1))
    title = f"{numbers[0]} to {numbers[1]}, {first:%Y-%m-%d} to {last:%Y-%m-%d}"
    return chart(points, least, most, title) + html.small(title)


def _worst(series: CheckSeries) -> str:
    return next((VERDICT_TONES[word] for word in ("failed", "warned") if series.count(word)), "good")


def unremarkable(series: Sequence[CheckSeries], place: str) -> str:
    """Return the checks that have no chart, folded."""
    quiet = [each for each in series if not _points(each)]
    if not quiet:
        return ""
    rows = (
        (
            html.link(_check_address(place, each.check), each.check) + html.small(each.last.because),
            escape(each.last.expected),
            f"{each.count(PASSED)} of {len(each.outcomes)}",
        )
        for each in quiet
    )
    title = f"{len(quiet)} {'check' if len(quiet) == 1 else 'checks'} without a chart"
    return f"<section>{html.folded(title, html.table(_QUIET, rows))}</section>"


def check_page_content(series: Sequence[CheckSeries], root: str) -> str:
    """Return what a page shows of one check: the chart, and each session with rows and value, newest first."""
    if not series:
        return "<p>No such check is on record.</p>"
    return "".join(_check(each, root) for each in series)


def _check(series: CheckSeries, root: str) -> str:
    rows = (
        (
            html.time(session.at),
            f'<span class="code">{html.link(html.path(root, "sessions", session.session), session.session)}</span><br>'
            f"{html.badge(outcome.word, VERDICT_TONES[outcome.word])}",
            html.DASH if outcome.rows is None else f"{outcome.rows:,}",
            escape(outcome.observed) + html.items(str(row) for row in outcome.failing),
        )
        for session, outcome in reversed(series.outcomes)
    )
    drawn = f'<div class="wide">{_drawn(series)}</div>' if _points(series) else ""
    trend = describe_trend(series)
    said = f"expected {series.last.expected}" + (f"; {trend}" if trend else "")
    return (
        f"<section><h2>{escape(series.check)}</h2><p>{escape(said)}</p><p>{escape(series.last.because)}</p>"
        f"{drawn}{html.table(_VALUES, rows)}</section>"
    )
