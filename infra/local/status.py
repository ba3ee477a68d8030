"""Describe the services of a home: which run, and which died in the last day, when and why."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from datetime import UTC, datetime, timedelta

from infra.local import supervision
from infra.local.deaths import deaths_since
from infra.local.earlier import earlier_services
from infra.local.processes import tail
from tidemark.engine.session import running_server, shown_address
from tidemark.operate.service_deaths import ServiceDeath
from tidemark.operate.service_troubles import read_troubles
from tidemark.settings import Settings

LOOK_BACK = timedelta(days=1)
"""How far back deaths are reported."""
LATELY, OFTEN = timedelta(minutes=10), 3
"""If a service died OFTEN times within the time LATELY, the end of its log is shown."""
_LINES = 8


def status_lines(settings: Settings, address: str | None) -> Iterator[str]:
    """Yield lines about each service and its deaths.

    `address` is the URL of Airflow, None if not all its processes run.
    """
    yield from _supervisor(settings)
    now = datetime.now(UTC)
    deaths = deaths_since(settings, now - LOOK_BACK)
    for state in supervision.states(settings):
        yield from _service(settings, state, [death for death in deaths if death.service == state.name], now)
    for trouble in read_troubles(settings.service_troubles):
        yield _line(trouble.service, f"in trouble since {trouble.since:%Y-%m-%dT%H:%M:%SZ}: {trouble.what}")
    spark = shown_address(settings.spark_remote) if settings.spark_remote else running_server(settings)
    yield _line("spark-connect", spark or "not running: the next session starts it")
    yield _line("address", address or "none: run make run to start what is missing")


def _supervisor(settings: Settings) -> Iterator[str]:
    for name in earlier_services(settings):
        yield _line(name, "of an earlier version, running: run make stop, then make run")
    leader = supervision.supervisor_process(settings)
    if supervision.is_running(settings):
        yield _line("supervisor", f"process {leader.pid}" if leader else "runs")
    elif leader is not None and leader.lives:
        yield _line("supervisor", f"process {leader.pid} does not answer: run make stop, then make run")
    elif leader is not None:
        yield _line("supervisor", "was killed, so nothing restarts the services: run make run")
    else:
        yield _line("supervisor", "not running: run make run to start it")


def _service(
    settings: Settings, state: supervision.State, deaths: Sequence[ServiceDeath], now: datetime
) -> Iterator[str]:
    since = datetime.fromtimestamp(state.since, UTC)
    yield _line(
        state.name, f"process {state.pid} since {since:%Y-%m-%dT%H:%M:%SZ}" if state.runs else _describe_stopped(state)
    )
    if deaths:
        count = "once" if len(deaths) == 1 else f"{len(deaths)} times"
        yield _line(
            "", f"died {count} in the last day, most recently at {deaths[-1].at:%Y-%m-%dT%H:%M:%SZ}: {deaths[-1].why}"
        )
    if not state.runs or sum(death.at > now - LATELY for death in deaths) >= OFTEN:
        log = supervision.log_of(settings, state.name)
        yield _line("", f"{log} ends with")
        yield from (f"    {line}" for line in tail(log, _LINES).splitlines())
        yield _line("", "see docs/runbooks/service-dies.md")


def _describe_stopped(state: supervision.State) -> str:
    if state.word == "BACKOFF":
        return f"dies at each start and is restarted after a pause ({state.description})"
    return f"{state.word.lower()}: run make run to start it ({state.description})"


def _line(name: str, text: str) -> str:
    return f"{name:<22} {text}"
