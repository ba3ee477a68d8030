"""The history of data quality: the days of all datasets, and the page of one dataset with each check over time."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping, Sequence
from html import escape
from itertools import groupby
from urllib.parse import urlencode

from tidemark.airflow.pages import html
from tidemark.airflow.pages.quality_checks import check_page_content, course_cards, problem_cards, unremarkable
from tidemark.airflow.pages.status import VERDICT_TONES
from tidemark.operate.audit_history import FAILED, VERDICTS, WARNED, AuditedSession, series_of
from tidemark.operate.audit_nights import DatasetNight
from tidemark.operate.audit_text import describe_counts
from tidemark.spec import DatasetSpec

_NIGHT = {"Dataset": "its checks over time", "Verdict": "the worst", "Audited": "sessions", "Not passed": "sessions"}
_SESSION = {
    "Session": "its verdict",
    "Audited": "wall clock",
    "Clock of the run": "logical time",
    "Rows": "added",
    "Checks": "failed or warned",
}


def nights_page(
    nights: Sequence[DatasetNight], verdict: str | None, days: int, root: str, reports: Sequence[str]
) -> str:
    """Return the page of the latest days: the audits of each dataset."""
    place = html.path(root, "quality")
    listed = "".join(
        f'<section class="by-day"><h2>{day}</h2>'
        f"{html.table(_NIGHT, (_night(night, root) for night in found))}</section>"
        for day, found in groupby(nights, key=lambda night: night.day)
    )
    content = (
        f"<header><h1>Data quality</h1><p>What the audits of the last {days} days found. A day is a day in UTC, by the "
        f"wall clock, and holds the sessions that were planned on it.</p></header>"
        f"{_choices(place, verdict)}{listed or '<p>No matching audit is on record.</p>'}"
    )
    return html.page("Tidemark: data quality", content, root, reports)


def _night(night: DatasetNight, root: str) -> tuple[str, ...]:
    remarked = "".join(
        f'<div class="code">{html.link(html.path(root, "sessions", name), name)} {html.badge(word, tone)}</div>'
        for word, tone, names in ((FAILED, "bad", night.failed), (WARNED, "warned", night.warned))
        for name in names
    )
    return (
        html.link_html(html.path(root, "quality", night.dataset), html.name(night.dataset)),
        html.badge(night.word, VERDICT_TONES[night.word]),
        str(len(night.failed) + len(night.warned) + night.passed),
        remarked,
    )


def dataset_page(
    spec: DatasetSpec,
    sessions: Sequence[AuditedSession],
    newest: AuditedSession | None,
    chosen: Mapping[str, str],
    older: int | None,
    root: str,
    reports: Sequence[str],
) -> str:
    """Return the page of a dataset's checks.

    `newest` is the newest audited session, whatever its verdict. `chosen` holds what the page is asked for, `verdict`
    and `check`, by name. `older` is how many sessions to leave out for the next older ones, None if there are none.
    """
    place, title = html.path(root, "quality", spec.dataset), f"Data quality of {spec.dataset}"
    note = f"The latest {len(sessions)} audited sessions" if sessions else "No matching audit is on record"
    content = (
        f"<header><h1>{escape(title)}</h1><p>{note}. All times are in UTC.</p></header>"
        f"{_choices(place, chosen.get('verdict'))}{_content(spec, sessions, newest, chosen, place, root)}"
        f"{_older(place, chosen, older)}"
    )
    return html.page(f"Tidemark: {title}", content, root, reports)


def _content(
    spec: DatasetSpec,
    sessions: Sequence[AuditedSession],
    newest: AuditedSession | None,
    chosen: Mapping[str, str],
    place: str,
    root: str,
) -> str:
    series = series_of(sessions)
    if "check" in chosen:
        return check_page_content([each for each in series if each.check == chosen["check"]], root)
    return (
        f'<section class="tiles">{"".join(_tiles(sessions))}</section>'
        f"{problem_cards(spec, sessions, newest, place, root)}{course_cards(sessions, series, place)}"
        f"{unremarkable(series, place)}{_by_day(sessions, root)}"
    )


def _tiles(sessions: Sequence[AuditedSession]) -> Iterator[str]:
    for word in VERDICTS:
        count = sum(session.word == word for session in sessions)
        yield html.tile(str(count), f"sessions {word}", VERDICT_TONES[word] if count else "")


def _choices(place: str, verdict: str | None) -> str:
    """Return the links that choose a verdict."""
    words = [("all verdicts", None), *((word, word) for word in VERDICTS)]
    links = (
        f"<b>{escape(text)}</b>" if word == verdict else html.link(f"{place}?verdict={word}" if word else place, text)
        for text, word in words
    )
    return f'<nav class="path choices">{"".join(links)}</nav>'


def _older(place: str, chosen: Mapping[str, str], skip: int | None) -> str:
    if skip is None:
        return ""
    query = urlencode({**chosen, "skip": skip})
    return f"<p>{html.link(f'{place}?{query}', 'Older sessions')}</p>"


def _by_day(sessions: Sequence[AuditedSession], root: str) -> str:
    days = "".join(
        f"<h3>{day}</h3>{html.table(_SESSION, (_row(session, root) for session in found))}"
        for day, found in groupby(sessions, key=lambda session: session.at.date())
    )
    return f'<section class="by-day"><h2>Sessions by day</h2>{days}</section>' if sessions else ""


def _row(session: AuditedSession, root: str) -> tuple[str, ...]:
    link = html.link(html.path(root, "sessions", session.session), session.session)
    return (
        f'<span class="code">{link}</span><br>{html.badge(session.word, VERDICT_TONES[session.word])}',
        html.time(session.recorded_at),
        html.time(session.audited_at),
        html.DASH if session.rows is None else f"{session.rows:,}",
        escape(describe_counts(session)) + html.items(_remarks(session)),
    )


def _remarks(session: AuditedSession) -> Iterable[str]:
    return (f"{check.check}: {check.observed}" for check in session.checks if not check.passed)
