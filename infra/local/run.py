"""`make run`: prepare the home, start the services, run the DAGs through the scheduler, and print a summary.

Its options are environment variables: LOGS, JUDGMENTS, ITEMS and FEATURES (the user's own logs; without them it runs
the demo), PORT, TIDEMARK_HOME, and DEMO_SCALE and DEMO_DAYS for a demo of another size.
"""

from __future__ import annotations

import os
import sys
import time
from datetime import UTC, datetime, timedelta

from infra.local import homes, ports, runs
from infra.local.api import Client
from infra.local.deaths import deaths_since
from infra.local.display import Display
from infra.local.errors import HostError
from infra.local.failures import explain_failure
from infra.local.runs import RunState
from infra.local.services import choose_port, start_all
from infra.local.summary import summarise
from infra.local.work import has_work
from tidemark.errors import TidemarkError
from tidemark.settings import Settings, load_settings
from tidemark.state.ranges import format_instant
from tidemark.support.error_translation import translating_errors


def main() -> int:
    """Run the pipeline. Return 0 if all new data has been published, 1 after an error, 130 after Ctrl-C."""
    began = time.monotonic()
    try:
        settings = load_settings()
        port = choose_port(settings, ports.requested_port(os.environ))
        print(f"home {settings.home}", flush=True)
        with translating_errors(f"home {settings.home}"):
            finish = homes.prepare(settings, os.environ, _say)
        client = start_all(settings, port, _say)
        finish()
        settings = load_settings()
        print(f"ready after {time.monotonic() - began:.0f} s", flush=True)
        worked = drive(settings, client, Display())
        print(f"\n{_closing(worked)} ({time.monotonic() - began:.0f} s)\n")
        print(summarise(settings, client))
    except TidemarkError as error:
        print(f"\n{error}", file=sys.stderr)
        return 1
    except KeyboardInterrupt:
        print("\nstopped watching; the services keep running (make stop stops them)", file=sys.stderr)
        return 130
    return 0


def drive(settings: Settings, client: Client, display: Display) -> bool:
    """Run the DAGs of the chain that have work, one after the other. Return whether any had work.

    Raises HostError if a run fails.
    """
    runs.wait_for_dags(client, (*runs.CHAIN, *runs.HOUSEKEEPING, *runs.ON_REQUEST))
    worked = [_drive(settings, client, dag, display) for dag in runs.CHAIN]
    for dag in (*runs.HOUSEKEEPING, *runs.ON_REQUEST):
        runs.unpause(client, dag)
    return any(worked)


def _drive(settings: Settings, client: Client, dag: str, display: Display) -> bool:
    current = runs.current_run(client, dag)
    if current is not None:
        _watch(settings, client, dag, current, display)
    clock = _clock(settings)
    if runs.has_succeeded(client, dag) and not has_work(settings, client, dag, clock):
        runs.unpause(client, dag)
        return current is not None
    conf = {"clock": format_instant(clock)} if dag == runs.CHAIN[0] and runs.has_succeeded(client, dag) else {}
    _watch(settings, client, dag, runs.begin(client, dag, conf), display)
    return True


def _watch(settings: Settings, client: Client, dag: str, run: str, display: Display) -> None:
    """Show a run, and then the runs that it starts while ranges are owed. Report services that die meanwhile."""
    following: str | None = run
    since = datetime.now(UTC)

    def show(state: RunState) -> None:
        nonlocal since
        for death in deaths_since(settings, since):
            display.note(f"  {death}; it is being restarted")
            since = death.at + timedelta(milliseconds=1)
        display.show(state)

    while following is not None:
        display.title(f"\n{dag}  {client.url}/dags/{dag}/runs/{following}")
        state = runs.watch(client, dag, following, show)
        if state.state != "success":
            raise HostError(explain_failure(client, state))
        following = runs.current_run(client, dag) if runs.started_another(state) else None


def _clock(settings: Settings) -> datetime:
    """Return now, or the end of the demo world if that is later, as it is after days were added to it."""
    now = datetime.now(UTC)
    return max(now, homes.demo_end(settings) or now)


def _closing(worked: bool) -> str:
    return "all new data is published" if worked else "nothing is new: all tables are up to date"


def _say(text: str) -> None:
    print(text, flush=True)


if __name__ == "__main__":
    sys.exit(main())
