"""The parts of the status page about now: sessions in progress, and services that died or are silent."""

from __future__ import annotations

from collections.abc import Collection, Iterator, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from html import escape

from tidemark.airflow.pages import html
from tidemark.operate.in_progress import is_stuck
from tidemark.operate.service_deaths import ServiceDeath
from tidemark.operate.service_troubles import ServiceTrouble
from tidemark.operate.session_outcomes import Session
from tidemark.operate.status import DatasetStatus

_SESSIONS = {
    "Dataset": "",
    "Step": "reached",
    "Since": "wall clock",
    "Session": "its plan",
    "Run": "in Airflow",
}
ENDED = ("failed", "success")
LEFT = (
    "The run that planned each of these sessions has ended, and no run of its DAG is under way. The next session of "
    "the dataset closes one that is published (step commit), and does the work of any other anew; only a range that "
    "somebody asked for has to be asked for again."
)
MOST_DEATHS = 20


@dataclass(frozen=True)
class Silence:
    """A service of Airflow that is not healthy. `since` is its last heartbeat, None if it never sent one."""

    service: str
    since: datetime | None


@dataclass(frozen=True)
class Form:
    """A DAG that a person triggers by its form."""

    dag: str
    description: str


@dataclass(frozen=True)
class OpenSessions:
    """The datasets whose last session is not closed.

    Of those `left`, the run in Airflow has ended, and no other run of its DAG goes on with the session. `states` holds
    the states of the runs, as far as Airflow knows them.
    """

    running: tuple[DatasetStatus, ...]
    left: tuple[DatasetStatus, ...]
    states: Mapping[str, str]


def find_open(found: Sequence[DatasetStatus], states: Mapping[str, str], busy: Collection[str] = ()) -> OpenSessions:
    """Return the open sessions, given the states of their runs, and the DAGs that have a run under way.

    A session whose run failed keeps its name if a later run plans the same again, and then that run works on it.
    """
    open_ones = [dataset for dataset in found if dataset.progress is not None and dataset.last is not None]
    left = tuple(each for each in open_ones if each.last and _is_left(each.last.run or "", states, busy))
    return OpenSessions(tuple(each for each in open_ones if each not in left), left, states)


def _is_left(run: str, states: Mapping[str, str], busy: Collection[str]) -> bool:
    return states.get(run) in ENDED and run.partition("/")[0] not in busy


def progress_section(sessions: OpenSessions, now: datetime, root: str, airflow: str) -> str:
    """Return the sessions in progress, and then those that were left."""
    running = [_row(each, _stuck(each.last, now), now, root, airflow) for each in sessions.running]
    left = [_row(each, _left(each.last, sessions.states), now, root, airflow) for each in sessions.left]
    return _section("now", "Running now", "", running) + _section("left", "Left unfinished", LEFT, left)


def _section(name: str, title: str, remark: str, rows: Sequence[tuple[str, ...]]) -> str:
    if not rows:
        return ""
    said = f"<p>{escape(remark)}</p>" if remark else ""
    return f'<section id="{name}"><h2>{title}</h2>{said}{html.table(_SESSIONS, rows)}</section>'


def _row(dataset: DatasetStatus, mark_html: str, now: datetime, root: str, airflow: str) -> tuple[str, ...]:
    progress, session = dataset.progress, dataset.last
    assert progress is not None and session is not None, "only a last session is open"
    since = html.time(progress.since) + (html.small(_age(now - progress.since)) if progress.since else "")
    return (
        html.name(dataset.dataset),
        escape(progress.step) + mark_html,
        since,
        f'<span class="code">{html.link(html.path(root, "sessions", session.session), session.session)}</span>',
        _run(session.run, airflow),
    )


def _left(session: Session | None, states: Mapping[str, str]) -> str:
    state = states.get(session.run or "") if session else None
    return f"<br>{html.badge(f'left; its run ended: {state}', 'warned')}"


def _stuck(session: Session | None, now: datetime) -> str:
    """Return a mark if a session takes too long."""
    return f"<br>{html.badge('stuck', 'bad')}" if session and is_stuck(session, now) else ""


def _age(age: timedelta) -> str:
    minutes = max(0, int(age.total_seconds() // 60))
    return f"for {minutes // 60} h {minutes % 60} min" if minutes >= 60 else f"for {minutes} min"


def _run(name: str | None, airflow: str) -> str:
    dag, _, run = (name or "").partition("/")
    return html.link(html.path(airflow, "dags", dag, "runs", run), f"{dag}, {run}") if run else "command line"


def services_section(
    deaths: Sequence[ServiceDeath], silent: Sequence[Silence], troubles: Sequence[ServiceTrouble]
) -> str:
    """Return what is wrong with the services: troubles, missing heartbeats, and the deaths of the last day."""
    lines = [*_troubled(troubles), *_silent(silent), *_dead(deaths)]
    if not lines:
        return '<p id="services">All services of Airflow are healthy. No death or trouble is on record.</p>'
    listed = "".join(f"<li>{line}</li>" for line in lines)
    return f'<section id="services"><h2>Services</h2><ul class="plain">{listed}</ul></section>'


def forms_section(forms: Sequence[Form], airflow: str) -> str:
    """Return links to the forms by which people act. Airflow checks who may trigger a DAG, and records who did."""
    if not forms:
        return ""
    listed = "".join(
        f"<li>{html.link(html.path(airflow, 'dags', form.dag), form.dag)}: {escape(form.description)}</li>"
        for form in forms
    )
    note = "Trigger the DAG there; its form asks for a reason. It takes a role that may trigger DAGs."
    return f'<section id="act"><h2>Act</h2><p>{note}</p><ul class="plain">{listed}</ul></section>'


def _troubled(troubles: Sequence[ServiceTrouble]) -> Iterator[str]:
    for each in troubles:
        since = f"{html.time(each.since)} (wall clock)"
        yield f"{html.badge('in trouble', 'bad')} {escape(each.service)} since {since}: {escape(each.what)}"


def _silent(silent: Sequence[Silence]) -> Iterator[str]:
    for each in silent:
        heard = f"last heard at {html.time(each.since)} (wall clock)" if each.since else "never heard"
        yield f"{html.badge('silent', 'bad')} {escape(each.service)}: {heard}; see <code>make doctor</code>"


def _dead(deaths: Sequence[ServiceDeath]) -> Iterator[str]:
    for death in deaths[:MOST_DEATHS]:
        at = f'<time datetime="{death.at.isoformat()}">{death.at:%Y-%m-%d %H:%M:%S}</time>'
        yield f"{html.badge('died', 'warned')} {escape(death.service)} at {at} (wall clock): {escape(death.why)}"
    if len(deaths) > MOST_DEATHS:
        yield f"and {len(deaths) - MOST_DEATHS} earlier deaths in the last day"
