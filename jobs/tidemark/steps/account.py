"""account: say what became of the records that a session took, and record it by file in `ops.record_accounts`.

This is a report, and no part of the audit: it changes no row and stops no session.
"""

from __future__ import annotations

import importlib
import json
import logging
from collections.abc import Callable, Mapping
from dataclasses import replace
from typing import TYPE_CHECKING, Any

from tidemark.catalog import ops
from tidemark.catalog.properties import property_of
from tidemark.engine.frames import read_added, read_input, within
from tidemark.engine.session import connect
from tidemark.landing.account import (
    at_times,
    count_landed,
    count_refused,
    count_remarks,
    event_times,
    tells_doubles,
    with_counts,
)
from tidemark.spec import DatasetSpec
from tidemark.stages import Staged
from tidemark.state.account import Account, log_lines
from tidemark.state.cause import News
from tidemark.state.effect import AppendFiles
from tidemark.state.plan import InputPlan, Plan
from tidemark.state.ranges import Ranges, from_on, intersect, subtract, union
from tidemark.steps.context import Context

if TYPE_CHECKING:
    from pyspark.sql import DataFrame, SparkSession

    Frames = Mapping[str, DataFrame]
    Hook = Callable[[Frames, Frames, Mapping[str, Any]], DataFrame]

TABLE = "ops.record_accounts"

_LOG = logging.getLogger(__name__)


def give_account(context: Context, staged: Staged, say: Callable[[str], None]) -> None:
    """Record and say the account of a staged session: of every landing, and where a spec names `accounted_by`.

    If it cannot be made, a warning says so and the session goes on.
    """
    try:
        accounts = _accounts(context, staged)
    except Exception as error:  # A fault in a report must not keep audited rows from readers.
        _LOG.info("%s: no account of the records", staged.plan.dataset, exc_info=error)
        say(f"warning: no account of the records: {str(error)[:500]}")
        return
    if accounts is None:
        return
    rows = [_row(context, staged.plan, account) for account in accounts]
    ops.append_once(context.lake, TABLE, rows, ops.of_session(staged.plan.session))
    say("\n".join(log_lines(accounts)))


def _accounts(context: Context, staged: Staged) -> list[Account] | None:
    spec, plan = context.spec(staged.plan.dataset), staged.plan
    if isinstance(plan.effect, AppendFiles):
        return _landed(context, spec, staged)
    if spec.accounted_by is None or not isinstance(plan.cause, News):
        return None
    spark = connect(context.settings)
    new = {name: _new_rows(context, plan, name, read, spark) for name, read in plan.inputs.items()}
    known = {name: _all_rows(context, read, spark) for name, read in plan.inputs.items()}
    counts = count_remarks(_hook(spec)(new, known, _params(context, plan)))
    return with_counts([], counts) or [Account()]


def _landed(context: Context, spec: DatasetSpec, staged: Staged) -> list[Account]:
    plan, spark = staged.plan, connect(context.settings)
    rows = read_added(spark, plan.dataset, plan.base_snapshot, staged.snapshot_id)
    if _is_quarantine(context, spec):
        return _of_each_file(plan, count_refused(rows), Account(refused=0))
    through = plan.previous.complete_through if plan.previous else None
    accounts = count_landed(spec, rows, _rows_before(context, spec, plan, rows, spark), through)
    if spec.accounted_by is not None:
        remarks = _hook(spec)({spec.name: rows}, {}, _params(context, plan))
        accounts = with_counts(accounts, count_remarks(remarks))
    return _of_each_file(plan, accounts, Account(taken=0))


def _of_each_file(plan: Plan, accounts: list[Account], empty: Account) -> list[Account]:
    """Add the files without a row, unless the rows do not name their files."""
    if any(account.path is None for account in accounts):
        return accounts
    found = {account.path for account in accounts}
    return [*accounts, *(replace(empty, path=f.path) for f in plan.files if f.path not in found)]


def _rows_before(
    context: Context, spec: DatasetSpec, plan: Plan, rows: DataFrame, spark: SparkSession
) -> DataFrame | None:
    """Return the rows that the table held before, at the event times of the new ones; None if there are none."""
    table = context.lake.table(plan.dataset)
    base = table.snapshot_by_id(plan.base_snapshot)
    if base is None or property_of(base, "total-records") in (None, "0") or not tells_doubles(spec):
        return None
    times = event_times(spec, rows)
    return at_times(spec, read_input(spark, table, plan.base_snapshot), times) if times else None


def _is_quarantine(context: Context, spec: DatasetSpec) -> bool:
    return any(other.landing.quarantine == spec.dataset for other in context.specs.values() if other.landing)


def _new_rows(context: Context, plan: Plan, name: str, read: InputPlan, spark: SparkSession) -> DataFrame:
    """Return the rows of an input that this session is the first to use.

    These are the rows of the times that it builds first and, at the other times that it builds, the rows that were
    added since the last session. So over all sessions each row occurs once.
    """
    spec = context.spec(plan.dataset)
    event_time = context.input_event_time(spec, name)
    frame = _all_rows(context, read, spark)
    added = None if read.from_snapshot is None else _added(read, frame, spark)
    if event_time is None or not plan.ranges:
        return frame if added is None else added
    first = built_first(plan)
    rows = frame.where(within(event_time, first))
    again = subtract(plan.ranges, first)
    if added is None or not again:
        return rows
    return rows.unionByName(added.where(within(event_time, again)), allowMissingColumns=True)


def built_first(plan: Plan) -> Ranges:
    """Return the times that no session before this one has built: newly complete or owed ones."""
    previous = plan.previous
    if previous is None or previous.complete_through is None:
        return plan.ranges
    return intersect(plan.ranges, union(previous.owed, from_on(previous.complete_through)))


def _all_rows(context: Context, read: InputPlan, spark: SparkSession) -> DataFrame:
    return read_input(spark, context.lake.table(read.dataset), read.read_snapshot)


def _added(read: InputPlan, frame: DataFrame, spark: SparkSession) -> DataFrame:
    """Return the rows that the new snapshots appended; without a new snapshot, none."""
    if read.from_snapshot is None or read.from_snapshot == read.to_snapshot:
        return frame.limit(0)
    return read_added(spark, read.dataset, read.from_snapshot, read.to_snapshot)


def _hook(spec: DatasetSpec) -> Hook:
    module, _, name = str(spec.accounted_by).partition(":")
    function: Hook = getattr(importlib.import_module(module), name)
    return function


def _params(context: Context, plan: Plan) -> Mapping[str, Any]:
    """Return all settings, and the `ranges` that the session builds as pairs of UTC instants."""
    return {**context.settings.values, "ranges": tuple((i.start, i.end) for i in plan.ranges)}


def _row(context: Context, plan: Plan, account: Account) -> Mapping[str, Any]:
    counts = json.dumps(account.counts, ensure_ascii=False)
    facts = {"session": plan.session, "dataset": plan.dataset, "counts": counts, "accounted_at": context.clock}
    return {**vars(account), **facts}
