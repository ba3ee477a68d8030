"""The services of a home and their commands."""

from __future__ import annotations

from collections.abc import Mapping

from infra.local.supervision import Program

POSTGRES = "postgres"
API_SERVER = "airflow-api-server"
SCHEDULER = "airflow-scheduler"
AIRFLOW: Mapping[str, tuple[str, ...]] = {
    SCHEDULER: ("scheduler", "--skip-serve-logs"),
    "airflow-dag-processor": ("dag-processor",),
    "airflow-triggerer": ("triggerer", "--skip-serve-logs"),
    API_SERVER: ("api-server",),
}
"""Airflow's processes with their arguments. The API server serves all logs, so no other process listens."""


def programs(with_postgres: bool) -> dict[str, Program]:
    """Return the services by name, in the order in which they start."""
    airflow = {name: Program(name, "airflow", order=20) for name in AIRFLOW}
    if not with_postgres:
        return airflow
    # On SIGINT, Postgres closes its connections and ends; on SIGTERM it would wait until all clients disconnect.
    return {POSTGRES: Program(POSTGRES, "database", order=10, stop_signal="INT", stop_group=False), **airflow}
