"""The command that the supervisor runs for each service.

It ends processes that an earlier run of the service left behind, records and tells if the service died, waits for the
database if the service needs it, and then becomes the service.

    python -m infra.local.launch NAME
"""

from __future__ import annotations

import contextlib
import os
import sys
import time
from collections.abc import Sequence
from datetime import UTC, datetime
from pathlib import Path

from infra.local import database, death_alert, postgres, processes
from infra.local.deaths import record_deaths
from infra.local.errors import HostError
from infra.local.programs import AIRFLOW, POSTGRES, WATCH
from tidemark.errors import TidemarkError
from tidemark.settings import CHECKOUT, Settings

DATABASE_TIMEOUT = 60.0
"""Seconds to wait for the database. Then the command fails, and the supervisor tries again."""


def command_of(settings: Settings, name: str) -> list[str]:
    """Wait until the service can start, and return its command. Raises HostError if its database does not answer."""
    if name == POSTGRES:
        postgres.clear_stale_locks(settings)
        return postgres.server_command(settings)
    if name == WATCH:
        return [sys.executable, "-m", "infra.local.watch"]
    _wait_for_database(settings)
    return [sys.executable, "-m", "airflow", *AIRFLOW[name]]


def end_leftovers(settings: Settings, name: str) -> None:
    """End processes that the service's previous run left behind after a SIGKILL.

    Airflow's workers do not notice that their scheduler is gone.
    """
    file = settings.run / f"{name}.group.json"
    previous = processes.recall_leader(file)
    if previous is not None:
        processes.end(lambda: processes.group_of(previous), patience=2)
    processes.remember_leader(file, os.getpid())


def _wait_for_database(settings: Settings) -> None:
    address = database.configured_database(settings)
    if address is None:
        raise HostError(f"{settings.airflow / 'airflow.cfg'} names no database; run make run, which writes it")
    until = time.monotonic() + DATABASE_TIMEOUT
    why = database.why_unreachable(address)
    while why is not None and time.monotonic() < until:
        time.sleep(0.3)
        why = database.why_unreachable(address)
    if why is not None:
        raise HostError(f"the database does not answer: {why}; run make doctor to see its state")


def main(arguments: Sequence[str]) -> int:
    """Become the service. If that fails, print the reason and return 1; return 2 for wrong arguments."""
    if len(arguments) != 1 or arguments[0] not in (POSTGRES, WATCH, *AIRFLOW):
        print(__doc__, file=sys.stderr)
        return 2
    home = Path(os.environ["TIDEMARK_HOME"])
    settings = Settings(home=home, schemas=CHECKOUT / "schemas")
    try:
        end_leftovers(settings, arguments[0])
        with contextlib.suppress(OSError):  # a full disk is no reason to leave a service down
            record_deaths(settings, datetime.now(UTC))
        death_alert.begin(settings, arguments[0])
        command = command_of(settings, arguments[0])
    except TidemarkError as error:
        print(f"{arguments[0]}: {error}", file=sys.stderr, flush=True)
        return 1
    os.execv(command[0], command)
    return 0


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
