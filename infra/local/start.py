"""Start the services of a home: the supervisor, the database with Airflow's tables, and Airflow."""

from __future__ import annotations

import os
import subprocess
import sys
import time
from collections import Counter
from collections.abc import Callable, Sequence
from datetime import UTC, datetime

from infra.local import database, death_alert, ports, postgres, supervision, watch
from infra.local.airflow_home import environment, prepare
from infra.local.api import ApiError, Client
from infra.local.deaths import deaths_since
from infra.local.errors import HostError
from infra.local.processes import tail
from infra.local.programs import AIRFLOW, COMPONENTS, POSTGRES, WATCH, programs
from tidemark.settings import CHECKOUT, Settings

START_TIMEOUT = 240.0
"""Seconds to wait until Airflow is healthy. On two cores it takes about 30."""
DATABASE_TIMEOUT = 60.0
"""Seconds to wait until the database answers. The home's own takes less than one."""
TOO_OFTEN = 4
"""If one service dies this often during a start, the start fails and shows the service's log."""

Say = Callable[[str], None]


def start_services(settings: Settings, port: int, say: Say) -> None:
    """Start each service that is not running. Raises HostError if one cannot start."""
    if not supervision.is_running(settings):
        if supervision.supervisor_process(settings) is not None:
            death_alert.begin_supervisor(settings)
        supervision.end_session(settings)
        watch.forget_untold(settings)
        _prepare(settings, port, say)
    address = database.configured_database(settings)
    if address is None:
        raise HostError(f"{settings.airflow / 'airflow.cfg'} names no database; run make stop, then make run")
    embedded = database.is_embedded(settings, address)
    wanted = programs(with_postgres=embedded)
    supervision.start_supervisor(settings, wanted, environment(settings))
    if supervision.running(settings).issuperset(wanted):
        return
    if embedded:
        supervision.start_service(settings, wanted[POSTGRES])
    _await_database(settings, address, embedded)
    _run_airflow(["db", "migrate"], settings)
    ports.remember(settings, port)
    for name in (*AIRFLOW, WATCH):
        supervision.start_service(settings, wanted[name])


def wait_until_healthy(client: Client, settings: Settings) -> Client:
    """Wait until each of Airflow's processes is healthy. Raises HostError that names those that are not."""
    began, until = datetime.now(UTC), time.monotonic() + START_TIMEOUT
    missing = "no answer"
    while time.monotonic() < until:
        try:
            states = client.health()
        except ApiError as error:
            missing = str(error)
        else:
            missing = ", ".join(name for name in COMPONENTS if states.get(name) != "healthy")
            if not missing:
                return client
        _refuse_failing(settings, began)
        time.sleep(0.25)
    raise HostError(
        f"Airflow is not healthy after {START_TIMEOUT:.0f} s ({missing}); run make doctor to see why "
        f"(logs are in {settings.logs}), then make stop and make run"
    )


def _prepare(settings: Settings, port: int, say: Say) -> None:
    address = database.airflow_database(settings, os.environ)
    if database.is_embedded(settings, address):
        if (settings.airflow / "airflow.db").exists() and not postgres.folder_of(settings).exists():
            say(
                f"Airflow moves from SQLite to Postgres and starts a new history of runs; no table changes. The old "
                f"history stays in {settings.airflow / 'airflow.db'}, which is no longer used."
            )
        postgres.make_cluster(settings)
    prepare(settings, port, address)


def _await_database(settings: Settings, address: str, embedded: bool) -> None:
    """Wait until the server answers. On the home's own server, create the database."""
    until = time.monotonic() + DATABASE_TIMEOUT
    why = _try_database(settings, address, embedded)
    while why is not None:
        if time.monotonic() > until:
            log = supervision.log_of(settings, POSTGRES)
            hint = f"; {log} ends with\n{tail(log)}" if embedded else f"; check {database.VARIABLE}"
            raise HostError(f"Airflow's database does not answer: {why}{hint}")
        time.sleep(0.1)
        why = _try_database(settings, address, embedded)


def _try_database(settings: Settings, address: str, embedded: bool) -> str | None:
    return postgres.make_database(settings) if embedded else database.why_unreachable(address)


def _run_airflow(arguments: Sequence[str], settings: Settings) -> None:
    log = settings.logs / "airflow-setup.log"
    with log.open("ab") as output:
        command = [sys.executable, "-m", "airflow", *arguments]
        env = environment(settings)
        done = subprocess.run(command, env=env, cwd=CHECKOUT, stdout=output, stderr=output, check=False)
    if done.returncode:
        raise HostError(
            f"airflow {' '.join(arguments)} ended with status {done.returncode}; {log} ends with\n{tail(log)}"
        )


def _refuse_failing(settings: Settings, began: datetime) -> None:
    """Raise HostError if a service has died TOO_OFTEN times since `began`: waiting longer would not help."""
    counts = Counter(death.service for death in deaths_since(settings, began))
    for name, count in counts.items():
        if count >= TOO_OFTEN:
            log = supervision.log_of(settings, name)
            raise HostError(f"{name} died {count} times; {log} ends with\n{tail(log)}\nnext: run make doctor")
