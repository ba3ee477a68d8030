"""Tell what nobody else can tell: that the supervisor was killed or hangs, or that a service runs and does nothing.

    python -m infra.local.watch [once]

Without an argument it checks until it is ended; the supervisor runs it so. It goes on if the supervisor is killed. With
`once` it checks once, for a timer of systemd or cron; see infra/systemd. A trouble is told when it has lasted PATIENCE,
and once more when it is over. Both kinds of check share one file, so that nothing is told twice.
"""

from __future__ import annotations

import fcntl
import logging
import os
import subprocess
import sys
import time
from collections.abc import Iterable, Iterator, Mapping, Sequence
from contextlib import contextmanager
from dataclasses import replace
from datetime import UTC, datetime, timedelta
from pathlib import Path

from infra.local import ports, supervision
from infra.local.api import ApiError, Client
from infra.local.programs import API_SERVER, COMPONENTS
from tidemark.operate.service_troubles import ServiceTrouble, read_troubles, troubles_text
from tidemark.settings import CHECKOUT, Settings, load_alert_settings
from tidemark.support.atomic_files import replace_file

PATIENCE = timedelta(minutes=5)
"""A start of all services takes less, on a slow machine too, and so does a restart of one."""
INTERVAL = 30.0
"""Seconds between two checks."""
SUPERVISOR = "supervisor"

_LOGGER = logging.getLogger(__name__)


def find_troubles(settings: Settings) -> Iterator[tuple[str, str]]:
    """Yield each service that is in trouble now, and what is wrong. A home that was stopped has no trouble.

    If the supervisor is gone, the services end one after the other, so only the supervisor is named.
    """
    leader = supervision.supervisor_process(settings)
    if leader is None:
        return
    if not leader.lives:
        yield SUPERVISOR, "it was killed, so nothing restarts the services; make run starts all of them again"
    elif not supervision.is_running(settings):
        yield SUPERVISOR, f"process {leader.pid} does not answer; make stop, then make run"
    else:
        yield from _airflow(settings)


def _airflow(settings: Settings) -> Iterator[tuple[str, str]]:
    port = ports.remembered(settings)
    if port is None:
        return
    try:
        health = Client.for_home(settings, port).health()
    except ApiError as error:
        yield API_SERVER, str(error)
        return
    for component, service in COMPONENTS.items():
        if (state := health.get(component, "unknown")) != "healthy":
            yield service, f"Airflow says {state}: it has sent no heartbeat lately, although its process may run"


def follow(known: Iterable[ServiceTrouble], found: Mapping[str, str], now: datetime) -> list[ServiceTrouble]:
    """Return what to remember after a check: what was found, since when it was first seen, and what was told before.

    A trouble that was told and is over stays until its end has been told.
    """
    before = {trouble.service: trouble for trouble in known}
    over = [trouble for trouble in before.values() if trouble.told and trouble.service not in found]
    new = {name: ServiceTrouble(name, what, now) for name, what in found.items()}
    return [*over, *(replace(before.get(name, trouble), what=trouble.what) for name, trouble in new.items())]


def is_due(trouble: ServiceTrouble, found: Mapping[str, str], now: datetime) -> bool:
    """Whether a trouble, or its end, has to be told."""
    if trouble.service in found:
        return not trouble.told and now - trouble.since >= PATIENCE
    return trouble.told


def forget_untold(settings: Settings) -> None:
    """Forget what was not told yet. After a stop, what was found before it says nothing about how long it lasts."""
    with _remembered(settings) as known:
        for name in [trouble.service for trouble in known.values() if not trouble.told]:
            del known[name]


def check(settings: Settings) -> bool:
    """Look once, remember what was found, and return whether something has to be told."""
    found, now = dict(find_troubles(settings)), datetime.now(UTC)
    with _remembered(settings) as known:
        after = follow(known.values(), found, now)
        known.clear()
        known.update({trouble.service: trouble for trouble in after})
        return any(is_due(trouble, found, now) for trouble in after)


def tell(settings: Settings) -> None:
    """Look once, and tell what is due. What no channel took is told by the next check."""
    found, now = dict(find_troubles(settings)), datetime.now(UTC)
    with _remembered(settings) as known:
        for name, trouble in list(known.items()):
            over = name not in found
            if not is_due(trouble, found, now) or not _is_delivered(settings, trouble, over):
                continue
            known[name] = replace(trouble, told=True)
            if over:
                del known[name]


def _is_delivered(settings: Settings, trouble: ServiceTrouble, over: bool) -> bool:
    from tidemark.airflow.alerting.channels import send
    from tidemark.operate.alerts.alert import Alert, Kind

    since = f"{trouble.since:%Y-%m-%dT%H:%MZ}"
    what = f"over; it began at {since}" if over else f"since {since}: {trouble.what}"
    alert = Alert(Kind.down, trouble.service, what, "none" if over else "make doctor", over=over)
    return send(alert, settings).is_delivered


@contextmanager
def _remembered(settings: Settings) -> Iterator[dict[str, ServiceTrouble]]:
    """Yield the troubles that earlier checks remembered, and write them back. One process at a time does so."""
    path = settings.service_troubles
    path.parent.mkdir(parents=True, exist_ok=True)
    with path.with_suffix(".lock").open("w") as lock:
        fcntl.flock(lock, fcntl.LOCK_EX)
        troubles = {trouble.service: trouble for trouble in read_troubles(path)}
        yield troubles
        replace_file(path, troubles_text(troubles.values()))


def _tell_beside(settings: Settings) -> None:
    """Tell in a process of its own, because Airflow, which knows the channels, needs much memory.

    It writes to a log of its own, because the supervisor, which reads this process's output, may be gone.
    """
    command = [sys.executable, "-m", "infra.local.watch", "once"]
    with supervision.log_of(settings, "watch-alerts").open("ab") as log:
        subprocess.run(command, cwd=CHECKOUT, stdin=subprocess.DEVNULL, stdout=log, stderr=log, timeout=300)


def main(arguments: Sequence[str]) -> int:
    """Check once or for ever. Return 0, or 2 for wrong arguments."""
    if list(arguments) not in ([], ["once"]):
        print(__doc__, file=sys.stderr)
        return 2
    if arguments:
        settings = load_alert_settings()
        os.environ.setdefault("AIRFLOW_HOME", str(settings.airflow))
        os.environ.setdefault("_AIRFLOW_PROCESS_CONTEXT", "server")  # lets Airflow look up connections in its database
        if check(settings):
            tell(settings)
        return 0
    settings = Settings(home=Path(os.environ["TIDEMARK_HOME"]), schemas=CHECKOUT / "schemas")
    while True:
        time.sleep(INTERVAL)
        try:
            if check(settings):
                _tell_beside(settings)
        except Exception as error:
            _LOGGER.warning("this check failed: %s: %s", type(error).__name__, error)


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
