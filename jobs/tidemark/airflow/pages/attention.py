"""The part of the status page that says what somebody has to look at: datasets, failed runs, open approvals."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from datetime import datetime
from html import escape

from tidemark.airflow.pages import html
from tidemark.airflow.pages.status import TONES, dataset_link
from tidemark.operate.status import DatasetStatus
from tidemark.operate.status_text import describe_deadline
from tidemark.state.ranges import describe


@dataclass(frozen=True)
class Run:
    """A run of a DAG that somebody has to look at. `since` is when it ended, or when it began to wait."""

    dag: str
    run: str
    since: datetime | None


def attention_lines(
    found: Sequence[DatasetStatus], failed: Sequence[Run], asking: Sequence[Run], root: str, airflow: str
) -> list[str]:
    """Return a line of HTML for each thing that somebody has to look at.

    Args:
        found: The datasets.
        failed: The runs that failed and were the latest of their DAGs.
        asking: The runs that wait for an approval.
        root: The path of the pages, with `/` at its end.
        airflow: The path of Airflow, with `/` at its end.
    """
    return [
        *(line for dataset in found for line in _of_dataset(dataset, root)),
        *(f"{html.badge('failed', 'bad')} the latest run of {_run(run, airflow)}" for run in failed),
        *(f"{html.badge('asks', 'warned')} {_run(run, airflow)} waits for an approval" for run in asking),
    ]


def attention_section(lines: Sequence[str]) -> str:
    """Return the section with the lines; an empty text if there is none."""
    if not lines:
        return ""
    listed = "".join(f"<li>{line}</li>" for line in lines)
    return f'<section id="attention"><h2>Needs attention</h2><ul class="plain">{listed}</ul></section>'


def _of_dataset(dataset: DatasetStatus, root: str) -> Iterator[str]:
    named, last = dataset_link(dataset.dataset, root), dataset.last
    if last is not None and TONES[last.outcome] == "bad":
        session = html.link(html.path(root, "sessions", last.session), last.session)
        yield f"{html.badge(last.outcome, 'bad')} {named}: session {session}"
    if dataset.late:
        yield f"{html.badge('late', 'bad')} {named}: {escape(describe_deadline(dataset))}"
    if dataset.overdue:
        yield f"{html.badge('overdue', 'bad')} {named}: {escape(describe(dataset.overdue))}"


def _run(run: Run, airflow: str) -> str:
    since = f", {html.time(run.since)} (wall clock)" if run.since else ""
    dag = html.link(html.path(airflow, "dags", run.dag), run.dag)
    return f"{dag}: {html.link(html.path(airflow, 'dags', run.dag, 'runs', run.run), run.run)}{since}"
