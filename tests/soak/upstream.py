"""Do the scheduled actions of upstream and maintenance on the lake."""

from __future__ import annotations

import time
from dataclasses import replace
from datetime import UTC, datetime, timedelta

from pyspark.errors import PySparkException

from tests.accounts.world import Accounts, Event
from tests.soak.figures import Figures
from tests.soak.oracle import instant
from tests.soak.schedule import OPS, Action
from tidemark.catalog.branches import BRANCH_LIFE
from tidemark.catalog.properties import CATALOG
from tidemark.operate.maintenance import maintain, maintain_ops
from tidemark.operate.maintenance.needs import KEEP_SNAPSHOTS_FOR
from tidemark.steps.context import Context

IN_USE = timedelta(seconds=60)
"""Anything younger may belong to a running session or reader. The real maintenance keeps it for a week."""


def act(world: Accounts, action: Action, figures: Figures) -> None:
    """Wait for the action's pause, then do it. Maintenance that conflicts with a publish yields."""
    time.sleep(action.pause)
    figures.count("upstream", action.kind)
    if action.kind == "deliver":
        _deliver(world, action)
    elif action.kind == "erase":
        world.delete(action.dataset, _rows(action))
    elif action.kind == "restate":
        _restate(world, action)
    else:
        _housekeep(world, action, figures)


def _deliver(world: Accounts, action: Action) -> None:
    events = [Event(r.event_id, r.account_id, r.minute / 60, r.plan, r.arrived) for r in action.rows]
    world.append(action.dataset, events, None if action.through is None else action.through - 1)


def _rows(action: Action) -> str:
    if action.event_id is not None:
        return f"event_id = '{action.event_id}'"
    assert action.hour is not None, "an erasure names an event or an hour"
    return f"happened_at >= {_literal(action.hour * 60)} AND happened_at < {_literal(action.hour * 60 + 60)}"


def _restate(world: Accounts, action: Action) -> None:
    assert action.minute is not None, "a restatement says when it happened"
    changes = f"plan = '{action.plan}', happened_at = {_literal(action.minute)}"
    world.spark.sql(f"UPDATE {CATALOG}.{action.dataset} SET {changes} WHERE {_rows(action)}")
    world.complete(action.dataset, None)


def _literal(minute: int) -> str:
    return f"TIMESTAMP '{instant(minute):%Y-%m-%d %H:%M:%S.%f}Z'"


def _housekeep(world: Accounts, action: Action, figures: Figures) -> None:
    try:
        if action.kind == "compact":
            compact(world, action.dataset)
        elif action.dataset == OPS:
            maintain_ops(as_of(world.context, IN_USE))
        else:
            maintain(as_of(world.context, IN_USE), action.dataset)
    except PySparkException as error:
        figures.count("housekeeping gave way", type(error).__name__)


def compact(world: Accounts, dataset: str) -> None:
    """Rewrite all files of a table, as a manual compaction does."""
    table = world.table(dataset)
    assert table.current_snapshot() is not None
    world.spark.sql(
        f"CALL {CATALOG}.system.rewrite_data_files(table => '{dataset}', options => map('rewrite-all', 'true'))"
    )


def as_of(context: Context, in_use: timedelta) -> Context:
    """Return a context whose clock is so far ahead that everything older than `in_use` counts as old."""
    return replace(context, clock=datetime.now(UTC) + max(KEEP_SNAPSHOTS_FOR, BRANCH_LIFE) - in_use)
