"""The part of the status page that says what became of the last night: the latest run of each nightly DAG."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta

from tidemark.airflow.pages import html

_HEAD = {
    "DAG": "nightly",
    "Run": "in Airflow",
    "State": "of the run",
    "Data through": "logical time",
    "Began": "wall clock",
    "Ended": "wall clock",
}
TONES = {"success": "good", "failed": "bad"}
WORDS = {"success": "passed", "failed": "failed"}
"""The states of runs that have ended, as the page calls them."""
LONGEST_DAY = timedelta(hours=30)
"""If a nightly DAG began longer ago, a night is missing. A run may begin some hours late."""


@dataclass(frozen=True)
class NightRun:
    """The latest run of a nightly DAG: the latest that the schedule began, if there is one.

    `through` is the end of its data interval. `run` is None if the DAG has had no such run yet. `paused` says that
    Airflow starts no run of the DAG until somebody switches it on.
    """

    dag: str
    paused: bool
    run: str | None = None
    state: str = ""
    through: datetime | None = None
    began: datetime | None = None
    ended: datetime | None = None


def verdict_of(runs: Sequence[NightRun], now: datetime) -> str:
    """Return the first of these that holds.

    `none yet`: there is no run. `failed`: a run failed. `under way`: one has not ended. `missing`: a DAG has had no run
    for longer than a day. Else `passed`.
    """
    found = [each for each in runs if each.run is not None]
    states = [each.state for each in found]
    if not states:
        return "none yet"
    if "failed" in states:
        return "failed"
    if any(state not in WORDS for state in states):
        return "under way"
    old = [each for each in found if each.began is None or now - each.began > LONGEST_DAY]
    return "missing" if old or len(found) < len(runs) else "passed"


def night_tile(runs: Sequence[NightRun], now: datetime) -> str:
    """Return a tile with the verdict on the last night, and when its last run ended."""
    verdict = verdict_of(runs, now)
    ended = max((each.ended for each in runs if each.ended is not None), default=None)
    at = f", ended {ended:%Y-%m-%d %H:%M}" if ended is not None and verdict in WORDS.values() else ""
    tone = {"passed": "good", "failed": "bad", "missing": "warned"}.get(verdict, "")
    return html.tile(verdict, f"last night{at}", tone)


def night_section(runs: Sequence[NightRun], airflow: str) -> str:
    """Return a table with a line for each nightly DAG; an empty text if there is no such DAG."""
    if not runs:
        return ""
    rows = (_row(each, airflow) for each in runs)
    return f'<section id="night"><h2>Last night</h2>{html.table(_HEAD, rows)}</section>'


def _row(each: NightRun, airflow: str) -> tuple[str, ...]:
    dag = html.link_html(html.path(airflow, "dags", each.dag), html.name(each.dag))
    paused = f"<br>{html.badge('paused', 'warned')}" if each.paused else ""
    if each.run is None:
        return dag + paused, html.small("no run yet"), "", "", "", ""
    run = html.link(html.path(airflow, "dags", each.dag, "runs", each.run), each.run)
    return (
        dag + paused,
        f'<span class="code">{run}</span>',
        html.badge(WORDS.get(each.state, each.state), TONES.get(each.state, "")),
        html.time(each.through),
        html.time(each.began),
        html.time(each.ended),
    )
