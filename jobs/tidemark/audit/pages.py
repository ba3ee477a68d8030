"""Render pages as HTML text. Every value is escaped, because checks show values from the data."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import datetime
from html import escape
from typing import TYPE_CHECKING

from tidemark.audit.report import CheckResult, Report
from tidemark.state.ranges import format_instant
from tidemark.support.html_table import table
from tidemark.support.text import count

if TYPE_CHECKING:
    from tidemark.audit.summaries import Summary

_BADGES = {"passed": "good", "warned": "warned", "failed": "bad"}
_INDEX = {
    "Audited": "wall clock",
    "Clock of the run": "logical time",
    "Dataset": "",
    "Session": "",
    "Verdict": "",
    "Rows": "",
    "Checks": "",
    "Failed": "",
    "Warned": "",
}
_CHECKS = {"Verdict": "", "Check": "", "Observed": "", "Expected": "", "Because": ""}


def verdict(report: Report) -> str:
    """Return the verdict: passed, warned (may be published, with warnings) or failed (may not be published)."""
    if not report.passed:
        return "failed"
    return "warned" if report.warnings else "passed"


def index_page(summaries: Sequence[Summary]) -> str:
    """Return the index of all sessions, in the given order."""
    counts = {word: sum(s.verdict == word for s in summaries) for word in _BADGES}
    tiles = "".join(_tile(str(count), word, _BADGES[word] if count else "") for word, count in counts.items())
    listed = table(_INDEX, map(_index_row, summaries)) if summaries else "<p>No session has been audited yet.</p>"
    content = (
        f"<header><h1>Audits</h1><p>Checks on what each session changed, made before readers see it.</p></header>"
        f'<section class="tiles">{tiles}</section>'
        f"<section>{listed}</section>"
    )
    return _page("Audits", content, "style.css")


def _index_row(summary: Summary) -> tuple[str, ...]:
    link = f'<a href="{escape(summary.link)}">{escape(summary.session)}</a>'
    return (
        _when(format_instant(summary.written_at.replace(second=0, microsecond=0))),
        _when(summary.audited_at),
        escape(summary.dataset).replace(".", ".<wbr>").replace("_", "_<wbr>"),
        f'<span class="code">{link}</span>',
        _badge(summary.verdict, _BADGES.get(summary.verdict, "")),
        *(_count(number) for number in (summary.rows, summary.checks)),
        _toned(summary.failed, "bad"),
        _toned(summary.warned, "warned"),
    )


def _toned(count: int | None, tone: str) -> str:
    return f'<span class="{tone if count else "none"}">{_count(count)}</span>'


def _count(number: int | None) -> str:
    return "unknown" if number is None else f"{number:,}"


def session_page(report: Report, clock: datetime, has_expectations: bool, now: datetime) -> str:
    """Return the page of a session: its verdict, failed checks with examples, and all checks.

    `clock` is the clock of the run, `now` the machine's clock.
    """
    word = verdict(report)
    facts = [
        _tile(f"{report.rows:,}", "rows changed"),
        _tile(str(len(report.checks)), "checks"),
        _tile(str(len(report.failures)), "failed", "bad" if report.failures else ""),
        _tile(str(len(report.warnings)), "warned", "warned" if report.warnings else ""),
    ]
    at = format_instant(now.replace(second=0, microsecond=0))
    place = (
        f"session {report.session}, snapshot {report.snapshot_id}, audited {at} (wall clock), "
        f"clock of the run {format_instant(clock)}"
    )
    note = {
        "failed": "Main is unchanged. The staged rows stay on their branch for inspection.",
        "warned": "May be published. The warnings are for the dataset's owner.",
        "passed": "May be published.",
    }[word]
    link = (
        '<p><a href="expectations.html">The expectations on a page of Great Expectations</a></p>'
        if has_expectations
        else ""
    )
    content = (
        f'<nav class="path"><a href="../../index.html">All audits</a></nav>'
        f"<header><h1>{escape(report.dataset)} {_badge(word, _BADGES[word])}</h1><p>{escape(place)}</p>"
        f"<p>{escape(note)}</p></header>"
        f'<section class="tiles">{"".join(facts)}</section>'
        f"{_problems(report)}"
        f"{_check_table('Expectations', 'written in the spec of the dataset', report, 'expectation', link)}"
        f"{_check_table('Floor', 'implied by every spec', report, 'floor', '')}"
    )
    return _page(f"{report.dataset} {report.session}", content, "../../style.css")


def _problems(report: Report) -> str:
    cards = "".join(_card(check) for check in (*report.failures, *report.warnings))
    return f'<section class="cards">{cards}</section>' if cards else ""


def _card(check: CheckResult) -> str:
    tone = "bad" if check.severity == "fail" else "warned"
    rows = f"<p>{count(check.unexpected_rows, 'row')}</p>" if check.unexpected_rows else ""
    listed = "".join(f"<li>{escape(example)}</li>" for example in check.examples)
    examples = f"<ul>{listed}</ul>" if listed else ""
    return (
        f'<article class="{tone}"><h3>{escape(check.check)}</h3>'
        f"<p><b>{escape(check.observed)}</b>, expected {escape(check.expected)}</p>{rows}{examples}"
        f'<p class="because">{escape(check.because)}</p></article>'
    )


def _check_table(title: str, subtitle: str, report: Report, kind: str, link: str) -> str:
    checks = [check for check in report.checks if check.kind == kind]
    if not checks:
        return f"<section><h2>{title}</h2><p>The spec has none.</p></section>"
    shown = table(_CHECKS, map(_check_cells, checks))
    return f"<section><h2>{title}</h2><p>{escape(subtitle)}</p>{link}{shown}</section>"


def _check_cells(check: CheckResult) -> tuple[str, ...]:
    word = "passed" if check.passed else ("failed" if check.severity == "fail" else "warned")
    texts = (check.check, check.observed, check.expected, check.because)
    return (_badge(word, _BADGES[word]), *map(escape, texts))


def expectations_page(dataset: str, session: str, body: str) -> str:
    """Return the page of Great Expectations in our frame. `body` must be sanitized HTML, see `offline.body_of`."""
    content = (
        f'<nav class="path"><a href="../../index.html">All audits</a> <a href="index.html">{escape(dataset)}, '
        f'session {escape(session)}</a></nav><div class="expectations">{body}</div>'
    )
    return _page(f"{dataset} {session} expectations", content, "../../style.css")


def _page(title: str, content: str, style: str) -> str:
    return (
        '<!doctype html>\n<html lang="en"><head><meta charset="utf-8">'
        '<meta name="viewport" content="width=device-width, initial-scale=1">'
        "<meta http-equiv=\"Content-Security-Policy\" content=\"default-src 'none'; style-src 'self' file:\">"
        f'<title>{escape(title)}</title><link rel="stylesheet" href="{style}"></head>\n'
        f"<body><main>{content}</main></body></html>\n"
    )


def _tile(number: str, word: str, tone: str = "") -> str:
    return f'<div class="tile {tone}"><strong>{escape(number)}</strong><span>{escape(word)}</span></div>'


def _badge(word: str, tone: str) -> str:
    return f'<span class="mark {tone}">{escape(word)}</span>'


def _when(instant: str) -> str:
    return f'<time datetime="{escape(instant)}">{escape(instant.replace("T", " "))}</time>'
