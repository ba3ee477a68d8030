"""Start and stop the services of a home: Postgres for Airflow, four Airflow processes, and a Spark Connect server.

    python -m infra.local.services start | stop | status

A supervisor restarts the first five when they die, and a watch that tells if one of them or the supervisor hangs. The
Spark Connect server is started by the process that needs it. The Airflow processes are those of `airflow standalone`.
They are started one by one, because standalone would also open log servers on all network interfaces.
"""

from __future__ import annotations

import os
import sys
from collections.abc import Sequence
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

from infra.local import ports, supervision
from infra.local.airflow_home import password_file
from infra.local.api import Client
from infra.local.earlier import earlier_services, stop_earlier
from infra.local.errors import HostError
from infra.local.pools import make_pools
from infra.local.programs import AIRFLOW, API_SERVER
from infra.local.secret import USER, password
from infra.local.start import Say, start_services, wait_until_healthy
from infra.local.status import status_lines
from tidemark.engine.session import ensure_server, shown_address, stop_server
from tidemark.errors import TidemarkError
from tidemark.settings import CHECKOUT, Settings, addresses, load_settings
from tidemark.support.atomic_files import replace_file


def start_all(settings: Settings, port: int | None = None, say: Say = print) -> Client:
    """Start the services that are not running, wait until Airflow is healthy, and return a client.

    `port` is the requested port of Airflow, None to choose one. Raises HostError if a service cannot start.
    """
    chosen = choose_port(settings, port)
    with ThreadPoolExecutor() as executor:
        spark = executor.submit(ensure_server, settings)
        start_services(settings, chosen, say)
        client = wait_until_healthy(Client.for_home(settings, chosen), settings)
        make_pools(client, settings)
        name_pages(settings, client.url)
        login = f"{USER} / {password(password_file(settings))}"
        say(f"Airflow {client.url}, login {login}, Spark Connect {shown_address(spark.result())}")
    return client


def name_pages(settings: Settings, url: str) -> None:
    """Store the address of the pages, so that messages name it while the services run."""
    replace_file(settings.run / addresses.FILE, f"{url}{addresses.PREFIX}/\n")


def choose_port(settings: Settings, port: int | None) -> int:
    """Return the port that Airflow has or will have. Raises HostError if that port cannot be used.

    If the supervisor was killed, services that are left are ended first, because one of them may hold the port.
    """
    earlier = earlier_services(settings)
    if earlier:
        raise HostError(
            f"{', '.join(earlier)} of an earlier version still run in {settings.home}; run make stop, then make run"
        )
    if not supervision.is_running(settings):
        supervision.end_session(settings)
    return ports.choose(settings, port, api_runs=API_SERVER in supervision.running(settings))


def stop_all(settings: Settings, say: Say = print) -> None:
    """Stop all services and the tasks that are running, and wait for their end."""
    say("stopping all services and running tasks")
    (settings.run / addresses.FILE).unlink(missing_ok=True)
    stopped = [*stop_earlier(settings), *supervision.stop_supervisor(settings)]
    stop_server(settings)
    say(f"stopped {', '.join(stopped)} and Spark" if stopped else "Airflow was not running; Spark is stopped")


def running_client(settings: Settings) -> Client | None:
    """Return a client for the home's Airflow; None unless all its processes run."""
    port = ports.remembered(settings)
    if port is None or not supervision.running(settings).issuperset(AIRFLOW):
        return None
    return Client.for_home(settings, port)


def _settings_or_home() -> Settings:
    """Return the settings. If they cannot be read, return the home alone, so that its services can be stopped."""
    try:
        return load_settings()
    except TidemarkError as error:
        if str(error).startswith("TIDEMARK_HOME:"):
            raise
        print(f"{error}\ncontinuing without these settings", file=sys.stderr)
    home = Path(os.environ.get("TIDEMARK_HOME") or CHECKOUT / ".tidemark").expanduser().resolve()
    return Settings(home=home, schemas=CHECKOUT / "schemas")


def _say_status(settings: Settings) -> None:
    client = running_client(settings)
    print("\n".join(status_lines(settings, client.url if client else None)))


def main(arguments: Sequence[str]) -> int:
    """Run `start`, `stop` or `status`. Return 0; 1 after an error, 2 for wrong arguments."""
    try:
        if arguments == ["start"]:
            start_all(load_settings(), ports.requested_port(os.environ))
        elif arguments == ["stop"]:
            stop_all(_settings_or_home())
        elif arguments == ["status"]:
            _say_status(_settings_or_home())
        else:
            print(__doc__, file=sys.stderr)
            return 2
    except TidemarkError as error:
        print(error, file=sys.stderr)
        return 1
    return 0


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
