"""`make run`: prepare the home, start what it needs, drive the DAGs through the scheduler, and sum up.

The environment says what: LOGS, JUDGMENTS, ITEMS, FEATURES (the user's own logs; without them the demo),
PORT, TIDEMARK_HOME, and DEMO_SCALE, DEMO_DAYS for another demo world.
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
    """Run; the exit status is 0 where all that was due has been published."""
    began = time.monotonic()
    try:
        settings = load_settings()
        port = choose_port(settings, ports.asked(os.environ))
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
        print("\nstopped watching; the services go on (make stop ends them)", file=sys.stderr)
        return 130
    return 0


def drive(settings: Settings, client: Client, display: Display) -> bool:
    """Run each DAG of the chain that has something to do, one after the other; says whether any had.

    Raises HostError for a run that fails.
    """
    runs.wait_for_dags(client, (*runs.CHAIN, *runs.HOUSEKEEPING))
    worked = [_drive(settings, client, dag, display) for dag in runs.CHAIN]
    for dag in runs.HOUSEKEEPING:
        runs.unpause(client, dag)
    return any(worked)


def _drive(settings: Settings, client: Client, dag: str, display: Display) -> bool:
    going = runs.going(client, dag)
    if going is not None:
        _watch(settings, client, dag, going, display)
    clock = _clock(settings)
    if runs.has_run(client, dag) and not has_work(settings, client, dag, clock):
        runs.unpause(client, dag)
        return going is not None
    conf = {"clock": format_instant(clock)} if dag == runs.CHAIN[0] and runs.has_run(client, dag) else {}
    _watch(settings, client, dag, runs.begin(client, dag, conf), display)
    return True


def _watch(settings: Settings, client: Client, dag: str, run: str, display: Display) -> None:
    """Watch a run, and those that it starts because a catch-up needs several; say which services die meanwhile."""
    following: str | None = run
    since = datetime.now(UTC)

    def show(state: RunState) -> None:
        nonlocal since
        for death in deaths_since(settings, since):
            display.note(f"  {death}; it is started again")
            since = death.at + timedelta(milliseconds=1)
        display.show(state)

    while following is not None:
        display.title(f"\n{dag}  {client.url}/dags/{dag}/runs/{following}")
        state = runs.watch(client, dag, following, show)
        if state.state != "success":
            raise HostError(explain_failure(client, state))
        following = runs.going(client, dag) if runs.started_another(state) else None


def _clock(settings: Settings) -> datetime:
    """Now; for a demo world to which days were added, its end: its people live ahead of us."""
    now = datetime.now(UTC)
    return max(now, homes.demo_end(settings) or now)


def _closing(worked: bool) -> str:
    return "all that was new is published" if worked else "nothing new: all tables hold what was handed in"


def _say(text: str) -> None:
    print(text, flush=True)


if __name__ == "__main__":
    sys.exit(main())
