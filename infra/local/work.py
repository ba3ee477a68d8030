"""Find out whether a DAG has work, from the plans of its next sessions, without a run and without Spark."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import datetime

from infra.local.api import Client
from tidemark import session
from tidemark.airflow.pools import pool_of
from tidemark.settings import Settings
from tidemark.state.effect import How


def datasets_in(client: Client, dag: str, known: Sequence[str]) -> list[str]:
    """Return the datasets of a DAG, found by the pools of its tasks."""
    pools = {task["pool"] for task in client.get(f"dags/{dag}/tasks")["tasks"]}
    return [name for name in known if pool_of(name) in pools]


def has_work(settings: Settings, client: Client, dag: str, clock: datetime) -> bool:
    """Whether the next session of any of the DAG's datasets would do something. Planning errors are not caught."""
    context = session.open_context(settings, clock)
    names = datasets_in(client, dag, session.dependency_order(dict(context.specs)))
    return any(session.plan(context, name).how is not How.nothing for name in names)
