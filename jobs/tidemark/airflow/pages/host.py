"""What Airflow's database says about the machinery: the states of runs, and which of its services send no heartbeat."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from datetime import UTC, datetime
from typing import Any

from airflow.api.common.airflow_health import HEALTHY, get_airflow_health
from airflow.models.dag import DagModel, DagTag
from airflow.models.dagrun import DagRun
from airflow.models.hitl import HITLDetail
from airflow.models.taskinstance import TaskInstance
from airflow.utils.session import create_session
from airflow.utils.types import DagRunType
from sqlalchemy import and_, func, select, tuple_

from tidemark.airflow.pages.attention import Run
from tidemark.airflow.pages.night import NightRun
from tidemark.airflow.pages.running import Form, Silence

ON_REQUEST = "on request"
"""The tag of a DAG without a schedule that a person triggers by its form."""
NIGHTLY = "nightly"
"""The tag of a DAG that runs once a night."""
NEVER = datetime.max.replace(tzinfo=UTC)


def run_states(names: Iterable[str | None]) -> dict[str, str]:
    """Return the states of runs, such as `running`, by their names (DAG and run with `/` between them)."""
    wanted = [tuple(name.split("/", 1)) for name in names if name and "/" in name]
    if not wanted:
        return {}
    with create_session() as session:
        keys = tuple_(DagRun.dag_id, DagRun.run_id).in_(wanted)
        found = session.scalars(select(DagRun).where(keys)).all()
        return {f"{run.dag_id}/{run.run_id}": str(getattr(run.state, "value", run.state)) for run in found}


def busy_dags() -> set[str]:
    """Return the DAGs that have a run under way."""
    with create_session() as session:
        return set(session.scalars(select(DagRun.dag_id).where(DagRun.state == "running").distinct()))


def asked_by(name: str | None) -> str | None:
    """Return the user who triggered a run, given its name (DAG and run with `/` between them); None if nobody did."""
    dag, _, run = (name or "").partition("/")
    with create_session() as session:
        named = select(DagRun.triggering_user_name).where(DagRun.dag_id == dag, DagRun.run_id == run)
        user: str | None = session.scalar(named)
        return user


def failed_runs() -> list[Run]:
    """Return the runs that failed and are the latest of their DAGs that have ended or run, by DAG."""
    with create_session() as session:
        began = (
            select(DagRun.dag_id, func.max(DagRun.start_date).label("start_date")).group_by(DagRun.dag_id).subquery()
        )
        latest = and_(DagRun.dag_id == began.c.dag_id, DagRun.start_date == began.c.start_date)
        known = select(DagModel.dag_id).where(~DagModel.is_stale)
        failed = select(DagRun).join(began, latest).where(DagRun.state == "failed", DagRun.dag_id.in_(known))
        return [Run(run.dag_id, run.run_id, run.end_date) for run in session.scalars(failed.order_by(DagRun.dag_id))]


def asking_runs() -> list[Run]:
    """Return the runs that wait for the answer of a person, by DAG."""
    with create_session() as session:
        unanswered = select(HITLDetail.ti_id).where(HITLDetail.responded_at.is_(None))
        waiting = select(TaskInstance).where(TaskInstance.id.in_(unanswered), TaskInstance.state == "deferred")
        found = session.scalars(waiting.order_by(TaskInstance.dag_id, TaskInstance.run_id))
        return [Run(task.dag_id, task.run_id, task.start_date) for task in found]


def forms_on_request() -> list[Form]:
    """Return the DAGs that people trigger by a form, by name: those with the tag ON_REQUEST."""
    with create_session() as session:
        tagged = select(DagTag.dag_id).where(DagTag.name == ON_REQUEST)
        dags = select(DagModel).where(DagModel.dag_id.in_(tagged), ~DagModel.is_stale)
        found = session.scalars(dags.order_by(DagModel.dag_id)).all()
        return [Form(dag.dag_id, dag.description or "") for dag in found]


def nightly_runs() -> list[NightRun]:
    """Return the latest scheduled run of each DAG with the tag NIGHTLY, in the order in which these runs began.

    Of a DAG that the schedule has not run yet, it is the latest run that is no backfill.
    """
    with create_session() as session:
        tagged = select(DagTag.dag_id).where(DagTag.name == NIGHTLY)
        dags = session.scalars(select(DagModel).where(DagModel.dag_id.in_(tagged), ~DagModel.is_stale)).all()
        newest = (
            select(func.max(DagRun.id))
            .where(DagRun.dag_id.in_(tagged), DagRun.run_type != DagRunType.BACKFILL_JOB)
            .group_by(DagRun.dag_id, DagRun.run_type == DagRunType.SCHEDULED)
        )
        latest = session.scalars(select(DagRun).where(DagRun.id.in_(newest))).all()
        by_schedule = sorted(latest, key=lambda run: bool(run.run_type == DagRunType.SCHEDULED))
        runs = {run.dag_id: run for run in by_schedule}  # a scheduled one replaces another one
        found = [_night_run(dag, runs.get(dag.dag_id)) for dag in dags]
        return sorted(found, key=lambda each: (each.began or NEVER, each.dag))


def _night_run(dag: DagModel, run: DagRun | None) -> NightRun:
    if run is None:
        return NightRun(dag.dag_id, bool(dag.is_paused))
    state = str(getattr(run.state, "value", run.state))
    return NightRun(
        dag.dag_id, bool(dag.is_paused), run.run_id, state, run.data_interval_end, run.start_date, run.end_date
    )


def silent_services() -> list[Silence]:
    """Return the services of Airflow that are not healthy. One that this Airflow never had is left out."""
    health: Mapping[str, Mapping[str, Any]] = get_airflow_health()
    found = []
    for service, facts in health.items():
        if facts["status"] not in (HEALTHY, None):
            last = facts.get(f"latest_{service}_heartbeat")
            found.append(Silence(service, datetime.fromisoformat(last) if last else None))
    return found
