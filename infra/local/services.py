"""Start and stop what a home needs: three Airflow processes and one Spark Connect server.

    python -m infra.local.services start | stop | status

The Airflow processes are those of `airflow standalone`, less the triggerer (no task of ours is deferred).
They are started one by one because standalone also opens two log servers on all network interfaces.
"""

from __future__ import annotations

import os
import subprocess
import sys
import time
from collections.abc import Callable, Sequence
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

from infra.local import ports
from infra.local.airflow_home import environment, password_file, prepare
from infra.local.api import ApiError, Client
from infra.local.errors import HostError
from infra.local.pools import make_pools
from infra.local.processes import Service, pid_of, start, stop, tail
from infra.local.secret import USER, password
from tidemark.engine.session import ensure_server, running_server, shown_address, stop_server
from tidemark.errors import TidemarkError
from tidemark.settings import CHECKOUT, Settings, load_settings

API_SERVER = "airflow-api-server"
COMMANDS = {
    "airflow-scheduler": ["scheduler", "--skip-serve-logs"],
    "airflow-dag-processor": ["dag-processor"],
    API_SERVER: ["api-server"],
}
START_TIMEOUT = 180.0
"""Seconds in which Airflow has to be healthy; on two cores it takes about 25."""
_NEEDED = ("metadatabase", "scheduler", "dag_processor")

Say = Callable[[str], None]


def start_all(settings: Settings, port: int | None = None, say: Say = print) -> Client:
    """Start what does not run yet and wait until Airflow is healthy. Raises HostError."""
    services = airflow_services(settings)
    chosen = choose_port(settings, port)
    with ThreadPoolExecutor() as beside:
        spark = beside.submit(ensure_server, settings)
        if any(pid_of(service) is None for service in services):
            _start_airflow(settings, services, chosen)
        client = _wait_until_healthy(Client.of(settings, chosen), services)
        make_pools(client, settings)
        login = f"{USER} / {password(password_file(settings))}"
        say(f"Airflow {client.url}, login {login}, Spark Connect {shown_address(spark.result())}")
    return client


def choose_port(settings: Settings, port: int | None) -> int:
    """The port that Airflow has or will have. Raises HostError where it cannot have it."""
    return ports.choose(settings, port, api_runs=pid_of(airflow_services(settings)[-1]) is not None)


def stop_all(settings: Settings, say: Say = print) -> None:
    """Stop all that `start_all` started, tasks in flight included, and wait for their end."""
    say("stopping what runs, tasks in flight included")
    stopped = [service.name for service in airflow_services(settings) if stop(service)]
    stop_server(settings)
    say(f"stopped {', '.join(stopped)} and Spark" if stopped else "Airflow was not running; Spark is stopped")


def airflow_services(settings: Settings) -> list[Service]:
    """The Airflow processes of a home, the API server last."""
    return [Service(name, settings.run, settings.logs) for name in COMMANDS]


def running_client(settings: Settings) -> Client | None:
    """The home's Airflow, if all its processes run."""
    port = ports.remembered(settings)
    if port is None or any(pid_of(service) is None for service in airflow_services(settings)):
        return None
    return Client.of(settings, port)


def _start_airflow(settings: Settings, services: Sequence[Service], port: int) -> None:
    prepare(settings, port)
    env = environment(settings)
    _run_airflow(["db", "migrate"], env, settings)
    ports.remember(settings, port)
    for service in services:
        start(service, [sys.executable, "-m", "airflow", *COMMANDS[service.name]], env, CHECKOUT)


def _run_airflow(arguments: Sequence[str], env: dict[str, str], settings: Settings) -> None:
    settings.logs.mkdir(parents=True, exist_ok=True)
    log = settings.logs / "airflow-setup.log"
    with log.open("ab") as output:
        command = [sys.executable, "-m", "airflow", *arguments]
        done = subprocess.run(command, env=env, cwd=CHECKOUT, stdout=output, stderr=output, check=False)
    if done.returncode:
        raise HostError(
            f"airflow {' '.join(arguments)} ended with status {done.returncode}; {log} ends with\n{tail(log)}"
        )


def _wait_until_healthy(client: Client, services: Sequence[Service]) -> Client:
    until = time.monotonic() + START_TIMEOUT
    missing = "no answer"
    while time.monotonic() < until:
        _refuse_dead(services)
        try:
            states = client.health()
        except ApiError as error:
            missing = str(error)
        else:
            missing = ", ".join(name for name in _NEEDED if states.get(name) != "healthy")
            if not missing:
                return client
        time.sleep(0.25)
    raise HostError(
        f"Airflow is not healthy after {START_TIMEOUT:.0f} s ({missing}); "
        f"see {services[0].logs}, then make stop and again"
    )


def _refuse_dead(services: Sequence[Service]) -> None:
    for service in services:
        if pid_of(service) is None:
            raise HostError(
                f"{service.name} has ended; {service.log} ends with\n{tail(service.log)}\nnext: make doctor"
            )


def _say_status(settings: Settings) -> None:
    for service in airflow_services(settings):
        pid = pid_of(service)
        print(f"{service.name:<22} {f'process {pid}' if pid else 'not running'}")
    spark = shown_address(settings.spark_remote) if settings.spark_remote else running_server(settings)
    print(f"{'spark-connect':<22} {spark or 'not running: the next session starts it'}")
    client = running_client(settings)
    print(f"{'address':<22} {client.url if client else 'none: make run starts all of them'}")


def _settings_or_home() -> Settings:
    """The settings; where they cannot be read, those of the home alone: what runs there can be seen and stopped."""
    try:
        return load_settings()
    except TidemarkError as error:
        if str(error).startswith("TIDEMARK_HOME:"):
            raise
        print(f"{error}\nof the settings only the home counts here", file=sys.stderr)
    home = Path(os.environ.get("TIDEMARK_HOME") or CHECKOUT / ".tidemark").expanduser().resolve()
    return Settings(home=home, schemas=CHECKOUT / "schemas")


def main(arguments: Sequence[str]) -> int:
    """The command line; returns the exit status."""
    try:
        if arguments == ["start"]:
            start_all(load_settings(), ports.asked(os.environ))
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
