"""The status page: a row for each dataset, with what needs attention first."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from datetime import datetime
from html import escape

from tidemark.airflow.pages import html
from tidemark.airflow.pages.night import NightRun, night_tile
from tidemark.operate.remarks import Headline
from tidemark.operate.session_outcomes import Outcome, Session
from tidemark.operate.status import DatasetStatus
from tidemark.operate.status_text import describe_account, describe_behind, describe_waits
from tidemark.state.ranges import describe

TONES = {
    Outcome.closed: "good",
    Outcome.published: "good",
    Outcome.audit_failed: "bad",
    Outcome.lost: "warned",
    Outcome.table_gone: "bad",
    Outcome.planned: "",
}
VERDICT_TONES = {"passed": "good", "warned": "warned", "failed": "bad"}

_HEAD = {
    "Dataset": "mode",
    "Complete through": "logical time",
    "Behind now": "wall clock",
    "Last session": "its outcome",
    "Audited": "wall clock",
    "Clock of the run": "logical time",
    "Remarks": "owed, overdue, limited by, records",
}


@dataclass(frozen=True)
class Overview:
    """What the head of the page counts besides the datasets.

    `attention` is the number of things that somebody has to look at, `running` that of the sessions that are worked
    on, `night` the latest run of each nightly DAG. `headlines` are cards of the domain.
    """

    attention: int = 0
    running: int = 0
    night: Sequence[NightRun] = ()
    headlines: Sequence[Headline] = ()


def status_page(
    found: Sequence[DatasetStatus],
    now: datetime,
    root: str,
    reports: Sequence[str],
    overview: Overview,
    above_html: str = "",
    below_html: str = "",
) -> str:
    """Return the page. `now` is the machine's clock at which the status was read.

    `above_html` comes before the table of the datasets, `below_html` after it.
    """
    content = (
        f"<header><h1>Status</h1><p>At {html.time(now)}, by the wall clock. All times are in UTC. Logical time is the "
        f"time in the data, and the clock that a run was given; it may differ from the wall clock.</p></header>"
        f'<section class="tiles">{"".join(_tiles(found, overview, now))}</section>'
        f"{above_html}<section><h2>Datasets</h2>"
        f"{html.table(_HEAD, (_row(dataset, root) for dataset in found))}</section>{below_html}"
    )
    return html.page("Tidemark: status", content, root, reports)


def _tiles(found: Sequence[DatasetStatus], overview: Overview, now: datetime) -> Iterator[str]:
    words = "needs attention" if overview.attention == 1 else "need attention"
    yield html.tile(str(overview.attention), words, "bad" if overview.attention else "good")
    if overview.night:
        yield night_tile(overview.night, now)
    yield from (html.tile(headline.value, headline.words, "named") for headline in overview.headlines)
    behind = max((each for each in reversed(found) if each.hours_behind is not None), key=_lag, default=None)
    if behind is not None:
        yield html.tile(describe_behind(behind), f"behind at most: {behind.dataset}")
    yield html.tile(str(overview.running), "sessions in progress" if overview.running != 1 else "session in progress")
    refused = sum(dataset.quarantined_last_day or 0 for dataset in found)
    yield html.tile(f"{refused:,}", "records quarantined in the last day", "warned" if refused else "")


def _lag(dataset: DatasetStatus) -> tuple[float, bool]:
    """The order in which datasets are behind. Of those that are equal, one with a deadline counts, then the last."""
    return dataset.hours_behind or 0.0, dataset.fresh_within_hours is not None


def _row(dataset: DatasetStatus, root: str) -> tuple[str, ...]:
    last = dataset.last
    return (
        dataset_link(dataset.dataset, root) + html.small(dataset.mode),
        _complete(dataset),
        _behind(dataset),
        session_cell(last, root) if last else html.badge("none yet", ""),
        _quality(dataset, root),
        html.time(last.planned_at if last else None),
        "".join(_remarks(dataset, root)),
    )


def _quality(dataset: DatasetStatus, root: str) -> str:
    link = html.link(html.path(root, "quality", dataset.dataset), "over time")
    return audited_cell(dataset.last) + f'<br><span class="whole">{link}</span>'


def _behind(dataset: DatasetStatus) -> str:
    if dataset.hours_behind is None:
        return html.DASH
    shown = f'<span class="whole">{escape(describe_behind(dataset))}</span>'
    if not dataset.late:
        return shown
    limit = html.small(f"fresh within {dataset.fresh_within_hours:g} h")
    return f"{shown}<br>{html.badge('late', 'bad')} {limit}"


def _complete(dataset: DatasetStatus) -> str:
    if not dataset.published:
        return html.small("nothing published")
    if dataset.complete_through is None:
        return html.small("no limit")
    final = f"final through {dataset.final_through:%Y-%m-%d %H:%M}" if dataset.final_through else ""
    return html.time(dataset.complete_through) + html.small(final)


def dataset_link(dataset: str, root: str) -> str:
    """Return a link to the sessions of a dataset."""
    return html.link_html(f"{root}sessions?dataset={dataset}", html.name(dataset))


def session_cell(session: Session, root: str) -> str:
    """Return a link to a session with its outcome."""
    shown = html.link(html.path(root, "sessions", session.session), session.session)
    return f'<span class="code">{shown}</span><br>{html.badge(session.outcome, TONES[session.outcome])}'


def audited_cell(session: Session | None) -> str:
    """Return when a session was audited, by the machine's clock, and the verdict."""
    audit = session.audit if session else None
    if audit is None:
        return html.DASH
    at = html.time(audit.recorded_at) if audit.recorded_at else html.small("not on record")
    return f"{at}<br>{html.badge(audit.word, VERDICT_TONES[audit.word])}"


def _remarks(dataset: DatasetStatus, root: str) -> Iterator[str]:
    if dataset.remark:
        yield f"<p>{escape(dataset.remark)}</p>"
    if dataset.overdue:
        yield f"<p>{html.badge('overdue', 'bad')} {escape(describe(dataset.overdue))}</p>"
    if dataset.owed:
        yield f"<p>{html.badge('owed', 'warned')} {escape(describe(dataset.owed))}</p>"
    if dataset.waits_for:
        yield html.small(f"limited by {describe_waits(dataset.waits_for)}")
    if dataset.account:
        by_file = html.link(f"{html.path(root, 'sessions', dataset.account.session)}#records", "by file")
        yield f"<p>records: {escape(describe_account(dataset.account))} ({by_file})</p>"
    if dataset.quarantined_last_day:
        yield f"<p>{html.badge('quarantined', 'warned')} {dataset.quarantined_last_day:,} records in the last day</p>"
