"""The services of a home and their commands."""

from __future__ import annotations

from collections.abc import Mapping

from infra.local.supervision import Program

POSTGRES = "postgres"
API_SERVER = "airflow-api-server"
SCHEDULER = "airflow-scheduler"
WATCH = "tidemark-watch"
AIRFLOW: Mapping[str, tuple[str, ...]] = {
    SCHEDULER: ("scheduler", "--skip-serve-logs"),
    "airflow-dag-processor": ("dag-processor",),
    "airflow-triggerer": ("triggerer", "--skip-serve-logs"),
    API_SERVER: ("api-server",),
}
"""Airflow's processes with their arguments. The API server serves all logs, so no other process listens."""
COMPONENTS: Mapping[str, str] = {
    "metadatabase": POSTGRES,
    "scheduler": SCHEDULER,
    "dag_processor": "airflow-dag-processor",
    "triggerer": "airflow-triggerer",
}
"""The services by the names under which Airflow reports their health."""


def programs(with_postgres: bool) -> dict[str, Program]:
    """Return the services by name, in the order in which they start."""
    airflow = {name: Program(name, "airflow", order=20) for name in AIRFLOW}
    airflow[WATCH] = Program(WATCH, "watch", order=30)
    if not with_postgres:
        return airflow
    # On SIGINT, Postgres closes its connections and ends; on SIGTERM it would wait until all clients disconnect.
    return {POSTGRES: Program(POSTGRES, "database", order=10, stop_signal="INT", stop_group=False), **airflow}
