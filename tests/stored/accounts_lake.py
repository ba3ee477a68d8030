"""Builds a small lake of the accounts domain with all kinds of past sessions, and with unfinished ones."""

from __future__ import annotations

import json
import os
from collections.abc import Iterable
from dataclasses import replace
from datetime import timedelta
from pathlib import Path

from tests.accounts.names import CANCELS, PLANS, SIGNUPS
from tests.accounts.world import SCHEMAS, Accounts, Event, as_request, hour
from tests.stored.half_done import HalfDone, leave
from tidemark.catalog.properties import CATALOG
from tidemark.operate import manual
from tidemark.operate.maintenance import maintain
from tidemark.settings import Settings
from tidemark.state.cause import Resync

FACTS, STATES, ACTIVE, AROUND, DAYS, CHANGES, TOTALS = (
    "accounts.signups",
    "accounts.account_states",
    "accounts.active_accounts",
    "accounts.signups_around",
    "accounts.signups_of_earlier_days",
    "accounts.plan_changes",
    "accounts.signup_totals",
)
TARGETS = (FACTS, STATES, ACTIVE, AROUND, DAYS, CHANGES, TOTALS)
CLOCK = hour(16)
"""The clock at which the lake was left."""

FIRST = hour(-47)
"""The hour of the only sign-up that retention has dropped."""


def open_accounts(home: Path, spark_remote: str | None = None) -> Accounts:
    """Open the specs of the accounts domain over a home. The input of `DAYS` is kept for two days."""
    values = {"landing": {"settling": "0s"}}
    world = Accounts(Settings(home=home, schemas=SCHEMAS, values=values, spark_remote=spark_remote))
    specs = dict(world.context.specs)
    window = replace(specs[DAYS].inputs["signups"], keep=timedelta(days=2))
    specs[DAYS] = replace(specs[DAYS], inputs={"signups": window})
    world.context = replace(world.context, specs=specs, clock=CLOCK)
    return world


def hand_in(world: Accounts, kind: str, arrived: int, events: Iterable[Event]) -> None:
    """Write a file of events into the landing folder of an hour, with the time of the end of that hour."""
    at = hour(arrived)
    folder = world.settings.landing / kind / f"{at:%Y-%m-%dT%H}"
    folder.mkdir(parents=True, exist_ok=True)
    rows = [{"kind": kind, **event.row()} for event in events]
    file = folder / f"{kind}.jsonl"
    file.write_text("".join(json.dumps(row, default=str) + "\n" for row in rows), encoding="utf-8")
    os.utime(file, (hour(arrived + 1).timestamp(),) * 2)


def make(world: Accounts) -> dict[str, HalfDone]:
    """Run the past sessions of the lake, and return its unfinished sessions by dataset."""
    _run_first_sessions(world)
    _append_erase_and_roll_back(world)
    _intervene(world)
    _fall_behind(world)
    return _leave_unfinished(world)


def _run(world: Accounts, at: float, *datasets: str) -> None:
    for dataset in datasets:
        world.run(dataset, clock=hour(at))


def _with_clock(world: Accounts, at: float) -> Accounts:
    """Set the clock of the world to an hour, for commands by hand."""
    world.context = replace(world.context, clock=hour(at))
    return world


def _run_first_sessions(world: Accounts) -> None:
    """Land a sign-up that retention drops, then run the first session of each table."""
    hand_in(world, "signups", -46, [Event("s-old", "a-old", -46.5)])
    _run(world, -40, SIGNUPS, DAYS)
    hand_in(world, "signups", 0, [Event("s0", "a0", 0.5), Event("s1", "a1", 0.7, "Gold"), Event("s-out", "a-out", 0.8)])
    _run(world, 1, SIGNUPS, DAYS)
    world.spark.sql(f"DELETE FROM {CATALOG}.{SIGNUPS} WHERE event_id = 's-old'")
    manual.adopt(_with_clock(world, 1).context, SIGNUPS, "older than two days", world.said.append)
    hand_in(world, "plans", 0, [Event("p0", "a0", 0.9, "Gold")])
    hand_in(world, "cancels", 0, [Event("c-none", "a-none", 0.2)])
    _run(world, 1, PLANS, CANCELS, FACTS, STATES, ACTIVE, AROUND, DAYS, CHANGES, TOTALS)


def _append_erase_and_roll_back(world: Accounts) -> None:
    """Run appends, a late row, a repeated event, an erasure, and the rollback of a table."""
    hand_in(world, "signups", 2, [Event("s2", "a2", 2.5), Event("s3", "a3", 0.3, landed=2)])
    hand_in(world, "plans", 2, [Event("p1", "a1", 2.2, "basic")])
    hand_in(world, "cancels", 2, [Event("c0", "a0", 1.5)])
    _run(world, 3, SIGNUPS, PLANS, CANCELS, FACTS, STATES, ACTIVE, AROUND, CHANGES, TOTALS)
    world.spark.sql(f"DELETE FROM {CATALOG}.{SIGNUPS} WHERE event_id = 's-out'")
    manual.adopt(_with_clock(world, 4).context, SIGNUPS, "somebody asked to be forgotten", world.said.append)
    before = world.head(ACTIVE)
    _run(world, 4, FACTS, STATES, ACTIVE, AROUND)
    world.spark.sql(f"CALL {CATALOG}.system.rollback_to_snapshot('{ACTIVE}', {before})")
    manual.adopt(world.context, ACTIVE, "the last session was wrong", world.said.append)
    _run(world, 4, ACTIVE)


def _intervene(world: Accounts) -> None:
    """Run a backfill, a resync, a declaration and a compaction."""
    hand_in(world, "signups", 4, [Event("s4", "a4", 4.1, "Gold")])
    _run(world, 5, SIGNUPS)
    world.run(STATES, as_request(0, 1, "backfill-1"), clock=hour(5))
    world.run(FACTS, Resync("to be sure"), clock=hour(5))
    manual.declare_complete(_with_clock(world, 6).context, CANCELS, hour(6), "the feed is late", world.said.append)
    _run(world, 6, SIGNUPS, PLANS, STATES, ACTIVE)
    world.said.append(maintain(world.context, SIGNUPS))


def _fall_behind(world: Accounts) -> None:
    """Run sessions after a pause of ten hours: some ranges become overdue, and one rebuild comes in pieces."""
    hand_in(world, "signups", 14, [Event("s5", "a5", 14.5), Event("s6", "a6", 1.1, landed=14)])
    hand_in(world, "plans", 14, [Event("p2", "a2", 5.5, "Gold", landed=14), Event("p3", "a4", 14.2, "basic")])
    _run(world, 15, SIGNUPS, PLANS, DAYS, AROUND, CHANGES, TOTALS)


def _leave_unfinished(world: Accounts) -> dict[str, HalfDone]:
    """Land new events, and stop the sessions that take them in, each after a different step."""
    hand_in(world, "signups", 15, [Event("s7", "a7", 15.2), Event("s8", "a8", 13.3, landed=15)])
    hand_in(world, "cancels", 15, [Event("c1", "a1", 6.4, landed=15)])
    _run(world, 16, SIGNUPS)
    world.run(AROUND, as_request(12, 12, "backfill-2"), clock=hour(16))
    _with_clock(world, 16)
    return {
        CANCELS: leave(world.context, CANCELS, "planned"),
        AROUND: leave(world.context, AROUND, "planned"),
        STATES: leave(world.context, STATES, "staged"),
        TOTALS: leave(world.context, TOTALS, "audited"),
        FACTS: leave(world.context, FACTS, "published"),
        DAYS: leave(world.context, DAYS, "published"),
    }
