"""Tell that a service died. The command that starts a service again begins this one, so that no start waits for it.

python -m infra.local.death_alert NAME
"""

from __future__ import annotations

import os
import subprocess
import sys
from collections.abc import Mapping, Sequence
from datetime import UTC, datetime, timedelta

from infra.local import watch
from infra.local.deaths import deaths_since
from tidemark.operate.alerts.alert import Alert, Kind
from tidemark.operate.service_deaths import ServiceDeath
from tidemark.operate.service_troubles import read_troubles
from tidemark.settings import CHECKOUT, Settings, load_alert_settings

ONCE_IN = timedelta(hours=1)
"""A death within this time of an earlier one is not told: the service keeps dying, and that was told."""
RECENT = timedelta(minutes=20)
"""A service is started again within this time of its death. The longest pause of the supervisor is shorter."""


SUPERVISOR_DIED = Alert(
    Kind.died,
    watch.SUPERVISOR,
    "it ended without being stopped: it was killed, or the machine went down\nit and all services are started again",
    next_command="make doctor",
)


def begin(settings: Settings, name: str, env: Mapping[str, str] = os.environ) -> None:
    """Start a process that tells of a service's death, if it has just died for the first time in an hour."""
    if death_to_tell(settings, name, datetime.now(UTC)) is not None:
        _start(name, env)


def begin_supervisor(settings: Settings, env: Mapping[str, str] = os.environ) -> None:
    """Start a process that tells that the supervisor ended without being stopped, unless the watch has told it."""
    told = (trouble.service for trouble in read_troubles(settings.service_troubles) if trouble.told)
    if watch.SUPERVISOR not in told:
        _start(watch.SUPERVISOR, env)


def _start(name: str, env: Mapping[str, str]) -> None:
    subprocess.Popen(
        [sys.executable, "-m", "infra.local.death_alert", name],
        env={**env, "_AIRFLOW_PROCESS_CONTEXT": "server"},  # lets Airflow look up connections in its database
        cwd=CHECKOUT,
        stdin=subprocess.DEVNULL,
        start_new_session=True,
    )


def death_to_tell(settings: Settings, name: str, now: datetime) -> ServiceDeath | None:
    """Return the death that has to be told; None if the service did not just die, or died often lately."""
    lately = [death for death in deaths_since(settings, now - RECENT - ONCE_IN) if death.service == name]
    if not lately or lately[-1].at < now - RECENT:
        return None
    is_repeated = len(lately) > 1 and lately[-1].at - lately[-2].at < ONCE_IN
    return None if is_repeated else lately[-1]


def alert_of(death: ServiceDeath) -> Alert:
    """Return the alert about a death."""
    return Alert(
        Kind.died,
        death.service,
        f"{death}\nthe supervisor starts it again; runs wait meanwhile",
        next_command="make doctor",
    )


def _alert_to_send(settings: Settings, name: str) -> Alert | None:
    if name == watch.SUPERVISOR:
        return SUPERVISOR_DIED
    death = death_to_tell(settings, name, datetime.now(UTC))
    return alert_of(death) if death is not None else None


def main(arguments: Sequence[str]) -> int:
    """Send the alert. Return 0 also if there is nothing to tell, 2 for wrong arguments."""
    if len(arguments) != 1:
        print(__doc__, file=sys.stderr)
        return 2
    settings = load_alert_settings()
    os.environ.setdefault("AIRFLOW_HOME", str(settings.airflow))
    alert = _alert_to_send(settings, arguments[0])
    if alert is not None:
        from tidemark.airflow.alerting.channels import send

        send(alert, settings)
    return 0


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
