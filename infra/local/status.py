"""How the services of a home are, in words: what runs, what died in the last day, when and why."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from datetime import UTC, datetime, timedelta

from infra.local import supervision
from infra.local.deaths import Death, deaths_since
from infra.local.earlier import earlier_services
from infra.local.processes import tail
from tidemark.engine.session import running_server, shown_address
from tidemark.settings import Settings

LOOK_BACK = timedelta(days=1)
"""Deaths before this are history."""
LATELY, OFTEN = timedelta(minutes=10), 3
"""So many deaths within this time are no accident: the service's log says why."""
_LINES = 8


def status_lines(settings: Settings, address: str | None) -> Iterator[str]:
    """A line for each service and each cause of trouble. `address` is Airflow's, None where it is not all there."""
    yield from _supervisor(settings)
    now = datetime.now(UTC)
    deaths = deaths_since(settings, now - LOOK_BACK)
    for state in supervision.states(settings):
        yield from _service(settings, state, [death for death in deaths if death.name == state.name], now)
    spark = shown_address(settings.spark_remote) if settings.spark_remote else running_server(settings)
    yield _line("spark-connect", spark or "not running: the next session starts it")
    yield _line("address", address or "none: make run starts what is missing")


def _supervisor(settings: Settings) -> Iterator[str]:
    for name in earlier_services(settings):
        yield _line(name, "runs, of an earlier version: make stop, then make run")
    leader = supervision.supervisor_process(settings)
    if supervision.is_running(settings):
        yield _line("supervisor", f"process {leader.pid}" if leader else "runs")
    elif leader is not None and leader.lives:
        yield _line("supervisor", f"process {leader.pid} does not answer: make stop, then make run")
    elif leader is not None:
        yield _line("supervisor", "was killed, and nothing starts services again: make run brings all back")
    else:
        yield _line("supervisor", "not running: make run starts it")


def _service(settings: Settings, state: supervision.State, deaths: Sequence[Death], now: datetime) -> Iterator[str]:
    since = datetime.fromtimestamp(state.since, UTC)
    yield _line(state.name, f"process {state.pid} since {since:%Y-%m-%dT%H:%M:%SZ}" if state.runs else _word(state))
    if deaths:
        often = "once" if len(deaths) == 1 else f"{len(deaths)} times"
        yield _line("", f"died {often} in a day, last at {deaths[-1].at:%Y-%m-%dT%H:%M:%SZ}: {deaths[-1].why}")
    if not state.runs or sum(death.at > now - LATELY for death in deaths) >= OFTEN:
        log = supervision.log_of(settings, state.name)
        yield _line("", f"{log} ends with")
        yield from (f"    {line}" for line in tail(log, _LINES).splitlines())
        yield _line("", "see docs/runbooks/service-dies.md")


def _word(state: supervision.State) -> str:
    if state.word == "BACKOFF":
        return f"dies at each start, and is started again after a pause ({state.description})"
    return f"{state.word.lower()}: make run starts it ({state.description})"


def _line(name: str, text: str) -> str:
    return f"{name:<22} {text}"
