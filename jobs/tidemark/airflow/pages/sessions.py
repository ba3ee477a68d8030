"""The list of sessions, and the page of one session with its whole plan."""

from __future__ import annotations

import json
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from html import escape

from tidemark.airflow.pages import html
from tidemark.airflow.pages.accounts import account_section
from tidemark.airflow.pages.quality_checks import problem_cards
from tidemark.airflow.pages.status import TONES, VERDICT_TONES, audited_cell, dataset_link, session_cell
from tidemark.operate.audit_history import AuditedSession
from tidemark.operate.session_outcomes import Session
from tidemark.spec import DatasetSpec
from tidemark.state.account import Account
from tidemark.state.effect import Touch, cleared_ranges
from tidemark.state.plan import Plan
from tidemark.state.ranges import Ranges

MOST_LISTED = 100
"""The number of latest sessions in the list."""

_HEAD = {
    "Session": "its outcome",
    "Dataset": "what it does",
    "Planned": "wall clock",
    "Audited": "wall clock",
    "Clock of the run": "logical time",
    "Complete through": "logical time",
}
_INPUTS = {
    "Input": "dataset",
    "Changes": "since the watermark",
    "Snapshots": "after, up to and including; read at",
    "Complete through": "logical time",
}


def sessions_page(sessions: Sequence[Session], dataset: str | None, root: str, reports: Sequence[str]) -> str:
    """Return the list of the latest sessions, newest first; of one dataset if `dataset` names it."""
    title = f"Sessions of {dataset}" if dataset else "Sessions"
    note = f"The latest {MOST_LISTED}, newest first. All times are in UTC."
    listed = html.table(_HEAD, (_row(session, root) for session in sessions)) if sessions else "<p>No session yet.</p>"
    content = f"<header><h1>{escape(title)}</h1><p>{escape(note)}</p></header><section>{listed}</section>"
    return html.page(f"Tidemark: {title}", content, root, reports)


def _row(session: Session, root: str) -> tuple[str, ...]:
    return (
        session_cell(session, root),
        dataset_link(session.dataset, root) + html.small(session.how),
        html.time(session.recorded_at),
        audited_cell(session),
        html.time(session.planned_at),
        html.time(session.complete_through),
    )


@dataclass(frozen=True)
class SessionParts:
    """What is on record about one session.

    `accounts` says what became of its records, by file. `audited` holds what its checks found, and `audit_page` the
    path of the audit's page below the root of the pages; each is None if there is none. `newest_audit` is the newest
    audited session of the dataset. `published` is the snapshot that it left on main, None if it is not closed.
    `asked_by` is the user of Airflow who triggered its run, None if nobody did.
    """

    accounts: Sequence[Account] = ()
    audited: AuditedSession | None = None
    audit_page: str | None = None
    newest_audit: AuditedSession | None = None
    published: int | None = None
    asked_by: str | None = None


def session_page(
    session: Session,
    plan: Plan,
    parts: SessionParts,
    spec: DatasetSpec | None,
    root: str,
    airflow: str,
    reports: Sequence[str],
) -> str:
    """Return the page of one session. `spec` is that of its dataset; None if the dataset has none anymore.

    `airflow` is the path of Airflow, with `/` at its end.
    """
    place = html.path(root, "quality", session.dataset)
    audited = [parts.audited] if parts.audited else []
    problems = problem_cards(spec, audited, parts.newest_audit, place, root) if spec else ""
    content = (
        f"<header><h1>{escape(session.dataset)} {html.badge(session.outcome, TONES[session.outcome])}</h1>"
        f"<p>session {escape(session.session)}. All times are in UTC.</p></header>"
        f"<section><h2>What became of it</h2>{html.facts(dict(_facts(session, plan, root, airflow, parts)))}</section>"
        f"{problems}{account_section(parts.accounts)}"
        f"<section><h2>Plan</h2>{html.facts(dict(_plan(plan)))}{_inputs(plan)}{_files(plan)}</section>"
        f"<section>{html.folded('The whole plan, as stored', f'<pre>{escape(_stored(plan))}</pre>')}</section>"
    )
    return html.page(f"Tidemark: {session.dataset} {session.session}", content, root, reports)


def _facts(session: Session, plan: Plan, root: str, airflow: str, parts: SessionParts) -> Iterator[tuple[str, str]]:
    yield "Planned (wall clock)", html.time(session.recorded_at)
    yield "Clock of the run (logical time)", html.time(session.planned_at)
    if session.audit is not None:
        audit = session.audit
        yield "Audited (wall clock)", html.time(audit.recorded_at)
        counts = f"{audit.checks} checks, {audit.failed} failed, {audit.warned} warned"
        shown = html.link(root + parts.audit_page, "its page") if parts.audit_page else "its page has expired"
        yield "Audit", f"{html.badge(audit.word, VERDICT_TONES[audit.word])} {escape(counts)}; {shown}"
    yield "Main after it", _main_after(plan, parts.published)
    yield "Complete through (logical time)", html.time(session.complete_through) if session.complete_through else ""
    yield "Run in Airflow", _run_links(session, airflow)
    yield "Triggered by", escape(parts.asked_by or "")
    yield "Other sessions", html.link(f"{root}sessions?dataset={session.dataset}", f"of {session.dataset}")


def _main_after(plan: Plan, published: int | None) -> str:
    """Return what a closed session left on main."""
    if published is None:
        return ""
    if published != plan.base_snapshot:
        return f"snapshot {published}"
    same = "the same snapshot as before"
    if isinstance(plan.effect, Touch):
        return same
    return f"{same}: what it rebuilt holds the same rows, so no reader follows"


def _run_links(session: Session, airflow: str) -> str:
    """Return links to the run and to the logs of its tasks; empty if the session was not planned by Airflow."""
    dag, _, run = (session.run or "").partition("/")
    if not run:
        return ""
    group = session.dataset.rpartition(".")[2]
    tasks = (
        html.link(html.path(airflow, "dags", dag, "runs", run, "tasks", f"{group}.{task}"), task)
        for task in ("init", "write_audit_publish", "commit")
    )
    shown = html.link(html.path(airflow, "dags", dag, "runs", run), f"{dag}, {run}")
    return f"{shown}; logs of {', '.join(tasks)}"


def _plan(plan: Plan) -> Iterator[tuple[str, str]]:
    yield "Effect", escape(plan.how)
    yield "Cause", escape(plan.cause.KIND.replace("_", " "))
    yield "Reason", escape(plan.cause.reason)
    yield "Rebuilds", _ranges(plan.ranges)
    cleared = cleared_ranges(plan.effect) or ()
    yield "Clears", _ranges(cleared) if cleared != plan.ranges else ""
    yield "Owed after it", _ranges(plan.owed)
    yield "Overdue", _ranges(plan.overdue)
    yield "Held back", _ranges(plan.held_back)
    yield "Complete through (logical time)", html.time(plan.complete_through) if plan.complete_through else ""
    yield "Final through (logical time)", html.time(plan.final_through) if plan.final_through else ""
    yield "Follows session", escape(plan.previous.session) if plan.previous else ""
    yield "Based on snapshot", str(plan.base_snapshot)
    yield "Notes", html.items(plan.notes)


def _ranges(ranges: Ranges) -> str:
    return html.items(str(interval) for interval in ranges)


def _inputs(plan: Plan) -> str:
    rows = (
        (
            escape(name) + html.small(i.dataset),
            escape(i.changes),
            f"{i.from_snapshot or 'none'}, {i.to_snapshot}<small>read at {i.read_snapshot}</small>",
            html.time(i.complete_through),
        )
        for name, i in plan.inputs.items()
    )
    return f"<h3>Inputs</h3>{html.table(_INPUTS, rows)}" if plan.inputs else ""


def _files(plan: Plan) -> str:
    listed = html.items(f"{file.path}, {file.size:,} bytes, sha256 {file.sha256}" for file in plan.files)
    return html.folded(f"{len(plan.files):,} files", listed) if plan.files else ""


def _stored(plan: Plan) -> str:
    return json.dumps(json.loads(plan.to_json()), indent=2)
