"""Serve Airflow's own app, with its login, its API and Tidemark's plugin, on a database of its own.

python -m tests.pages.serve PORT

Prints one line of JSON: the paths of the app of the pages, and a login token for each role. The database holds the DAGs
that people trigger by a form, a run that failed, one that is in progress, and a nightly run with
a backfill and a run by hand after it.
"""

from __future__ import annotations

import json
import os
import sys
from datetime import UTC, datetime
from typing import Any

import uvicorn
from airflow.api_fastapi.app import create_app, get_auth_manager
from airflow.api_fastapi.auth.managers.simple.user import SimpleAuthManagerUser
from airflow.dag_processing.dagbag import DagBag, sync_bag_to_db
from airflow.models.dagbundle import DagBundleModel
from airflow.models.dagrun import DagRun
from airflow.utils.db import initdb
from airflow.utils.session import create_session

from tests.pages.open_sessions import BY_HAND, FAILED, NIGHT, NIGHTS_BACKFILL, RUNNING
from tidemark.airflow.pages.app import make_app
from tidemark.settings import CHECKOUT

ROLES = ("viewer", "user", "op", "admin", None)
USER = "ada"
"""The user who triggered the run that is in progress."""
FORMS = ("steer_ranker", "restate")
RUNS = (
    (RUNNING, "manual", "running"),
    (FAILED, "manual", "failed"),
    (NIGHT, "scheduled", "success"),
    (NIGHTS_BACKFILL, "backfill", "failed"),
    (BY_HAND, "manual", "failed"),
)
"""The runs, each with its type and state."""


def main(port: int) -> None:
    """Serve until the process is ended."""
    _fill_database()
    app = create_app(apps="core")
    manager: Any = get_auth_manager()
    tokens = {str(role): manager.generate_jwt(SimpleAuthManagerUser(username="u", role=role)) for role in ROLES}
    print(
        json.dumps({"tokens": tokens, "routes": [getattr(route, "path", "") for route in make_app().routes]}),
        flush=True,
    )
    os.dup2(os.open(os.devnull, os.O_WRONLY), sys.stdout.fileno())  # nobody reads what Airflow logs of each request
    uvicorn.run(app, host="127.0.0.1", port=port, log_level="warning")


def _fill_database() -> None:
    initdb()
    with create_session() as session:
        session.add(DagBundleModel(name="dags"))
        for name, kind, state in RUNS:
            dag, _, run = name.partition("/")
            values = {"dag_id": dag, "run_id": run, "run_type": kind, "state": state, "span_status": "not_started"}
            by, now = USER if name == RUNNING else None, datetime.now(UTC)
            row = DagRun.__table__.insert().values(**values, triggering_user_name=by, clear_number=0)
            session.execute(row.values(run_after=now, start_date=now))
    for name in (*FORMS, FAILED.partition("/")[0], NIGHT.partition("/")[0]):
        sync_bag_to_db(DagBag(str(CHECKOUT / "dags" / f"{name}.py"), bundle_name="dags"), "dags", None)


if __name__ == "__main__":
    main(int(sys.argv[1]))
