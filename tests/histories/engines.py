"""The engine of a history: Spark as in the product, or plain Python, which is fast enough for many more histories.

Both do the same to the catalog. With `Plain`, planning, publishing, watermarks and ops are the product's own code;
the test replaces only the transform, the write of its rows, and the audit.
"""

from __future__ import annotations

import contextlib
from collections import Counter
from collections.abc import Callable, Collection, Iterator, Mapping
from datetime import datetime
from pathlib import Path
from typing import Any, Protocol
from unittest.mock import patch

import pyarrow as pa
from pyiceberg.io.pyarrow import _dataframe_to_data_files
from pyiceberg.table import Table
from pyspark.sql import functions as F

from tests.accounts.world import DAY, Accounts, Event, hour
from tests.histories.tables import expected_rows, inside
from tidemark.audit import Report
from tidemark.audit.report import CheckResult
from tidemark.catalog.manifests import file_interval
from tidemark.catalog.properties import ATTEMPT, CATALOG, CONTENT, KEPT, SESSION, WATERMARK
from tidemark.engine.fingerprints import Place
from tidemark.operate.maintenance import expiry, files
from tidemark.planning.windows import partition_unit
from tidemark.spec import DatasetSpec
from tidemark.stages import Staged
from tidemark.state.effect import How, cleared_ranges
from tidemark.state.plan import Plan
from tidemark.state.ranges import Interval, Ranges, floor, intersect, union
from tidemark.steps import audit, comparison, write
from tidemark.steps.context import Context


class Engine(Protocol):
    """What a history does with an engine outside of sessions."""

    def compact(self, dataset: str) -> None:
        """Rewrite all files of a table."""

    def roll_back(self, dataset: str, snapshot: int) -> None:
        """Move main to an earlier snapshot."""

    def delete_all(self, dataset: str) -> None:
        """Delete all rows in a commit that no session made."""

    def overwrite(self, dataset: str, data: pa.Table, arrived: float) -> None:
        """Replace the rows that arrived in one hour, in one commit."""


class Spark:
    """The product's engine."""

    def __init__(self, accounts: Accounts) -> None:
        self.accounts = accounts

    def compact(self, dataset: str) -> None:
        options = "options => map('rewrite-all', 'true')"
        self.accounts.spark.sql(f"CALL {CATALOG}.system.rewrite_data_files(table => '{dataset}', {options})")

    def roll_back(self, dataset: str, snapshot: int) -> None:
        self.accounts.spark.sql(f"CALL {CATALOG}.system.rollback_to_snapshot('{dataset}', {snapshot})")

    def delete_all(self, dataset: str) -> None:
        self.accounts.spark.sql(f"DELETE FROM {CATALOG}.{dataset} WHERE true")

    def overwrite(self, dataset: str, data: pa.Table, arrived: float) -> None:
        name = f"{CATALOG}.{dataset}"
        known = self.accounts.spark.table(name)
        frame = self.accounts.spark.createDataFrame(data).to(known.schema) if data.num_rows else known.limit(0)
        at = F.col("arrived_at")
        frame.writeTo(name).overwrite((at >= F.lit(hour(arrived))) & (at < F.lit(hour(arrived + 1))))


class Plain:
    """Python and Arrow in this process."""

    def __init__(self, accounts: Accounts) -> None:
        self.accounts = accounts

    def compact(self, dataset: str) -> None:
        table = self.accounts.table(dataset)
        rows = table.scan().to_arrow()
        if rows.num_rows:
            _replace(table, rows, None, "main", {CONTENT: KEPT})

    def roll_back(self, dataset: str, snapshot: int) -> None:
        self.accounts.table(dataset).manage_snapshots().set_current_snapshot(snapshot).commit()

    def delete_all(self, dataset: str) -> None:
        self.accounts.table(dataset).delete()

    def overwrite(self, dataset: str, data: pa.Table, arrived: float) -> None:
        _replace(self.accounts.table(dataset), data, ("arrived_at", (Interval(hour(arrived), hour(arrived + 1)),)))


@contextlib.contextmanager
def plain_sessions() -> Iterator[None]:
    """Run sessions that compute and write their rows without Spark."""
    with (
        patch.object(write, "connect", lambda settings: None),
        patch.object(write, "_transform", _transform),
        patch.object(write, "_recount", lambda output: write.Counts(len(output.frame), 0)),
        patch.object(write, "_stage", _stage),
        patch.object(write, "_write", _write),
        patch.object(audit, "_report", _report),
        patch.object(comparison, "_fingerprints", _rows_by_partition),
        patch.object(expiry, "call", _call),
        patch.object(files, "call", _call),
    ):
        yield


class TransformRows(list[dict[str, Any]]):
    """The rows that a transform returned, and the table that they are written to."""

    table: Table


def _transform(context: Context, spec: DatasetSpec, plan: Plan, spark: None, scratch: Path) -> write.Output:
    inputs = {name: tuple(_read(context, spec, plan, name)) for name in plan.inputs}
    ranges = plan.ranges or (Interval(hour(-4000), hour(4000)),)
    last = min(ranges[-1].end, hour(4000))
    rows = expected_rows(spec.dataset, inputs, last, spec.params["version"])
    kept = TransformRows(
        dict(zip(sorted(spec.columns), row, strict=True))
        for cell, row in rows.elements()
        if inside(spec.dataset, cell, ranges)
    )
    kept.table = context.lake.table(spec.dataset)
    return write.Output(kept, None)


def _read(context: Context, spec: DatasetSpec, plan: Plan, name: str) -> Iterator[Event]:
    planned = plan.inputs[name]
    table = context.lake.table(planned.dataset)
    seen = set()
    if planned.added_only and planned.from_snapshot is not None:
        seen = {row["event_id"] for row in table.scan(snapshot_id=planned.from_snapshot).to_arrow().to_pylist()}
    for row in table.scan(snapshot_id=planned.read_snapshot).to_arrow().to_pylist():
        at: datetime = row["happened_at"]
        if row["event_id"] not in seen and (planned.reads is None or _within(at, planned.reads)):
            yield Event(row["event_id"], row["account_id"], (at - DAY).total_seconds() / 3600, row["plan"])


def _within(at: datetime, ranges: Ranges) -> bool:
    return any(interval.start <= at < interval.end for interval in ranges)


def _stage(spec: DatasetSpec, plan: Plan, output: write.Output, branch: str, attempt: str) -> write.Counts:
    write._write(spec, plan, output.frame, branch, attempt)
    return write.Counts(len(output.frame), 0)


def _write(spec: DatasetSpec, plan: Plan, rows: TransformRows, branch: str, attempt: str) -> None:
    table = rows.table.refresh()
    properties = {SESSION: plan.session, ATTEMPT: attempt, WATERMARK: plan.watermark(0).to_json()}
    data = pa.Table.from_pylist(list(rows), schema=table.schema().as_arrow())
    assert spec.event_time is not None
    if plan.how is How.append:
        table.append(data, branch=branch, snapshot_properties=properties)
    else:
        cleared = cleared_ranges(plan.effect)
        where = None if cleared is None else (spec.event_time, cleared)
        _replace(table, data, where, branch, properties)


def _replace(
    table: Table,
    data: pa.Table,
    where: tuple[str, Ranges] | None,
    branch: str = "main",
    properties: Mapping[str, str] | None = None,
) -> None:
    """In one commit, remove the files in the ranges of `where` (None: all files) and add the rows."""
    head = table.snapshot_by_name(branch)
    assert head is not None, f"branch {branch} is not there"
    old = [task.file for task in table.scan(snapshot_id=head.snapshot_id).plan_files()]
    with table.transaction() as change:
        update = change.update_snapshot(snapshot_properties=dict(properties or {}), branch=branch)
        with update.overwrite() as commit:
            for file in old:
                if where is None or _file_within(table, file, *where):
                    commit.delete_data_file(file)
            for file in _dataframe_to_data_files(table.metadata, data, table.io) if data.num_rows else ():
                commit.append_data_file(file)


def _file_within(table: Table, file: Any, column: str, ranges: Ranges) -> bool:
    span = file_interval(table, file, column)
    return span is not None and bool(intersect((span,), ranges))


def _report(context: Context, staged: Staged) -> Report:
    passed = CheckResult("rows are there", "floor", "fail", True, str(staged.rows_written), "as written")
    return Report(staged.plan.dataset, staged.plan.session, staged.snapshot_id, (passed,), staged.rows_written, None)


def _rows_by_partition(
    context: Context, spec: DatasetSpec, snapshot: int, partitions: Collection[Interval]
) -> dict[Place, Counter[tuple[str, ...]]]:
    """Return the rows of a snapshot by the start of their partition."""
    assert spec.event_time is not None
    found: dict[Place, Counter[tuple[str, ...]]] = {}
    for row in context.lake.table(spec.dataset).scan(snapshot_id=snapshot).to_arrow().to_pylist():
        at: datetime = row[spec.event_time]
        if _within(at, union(partitions)):
            rows = found.setdefault(Place(floor(at, partition_unit(spec))), Counter())
            rows[tuple(str(row[name]) for name in sorted(spec.columns))] += 1
    return found


def _call(
    context: Context,
    procedure: str,
    dataset: str,
    older_than: datetime | None = None,
    options: Mapping[str, int] | None = None,
) -> list[dict[str, int]]:
    """Stand in for Iceberg's procedures: only expiry is carried out, since the others change nothing for a session."""
    if procedure == "expire_snapshots" and older_than is not None:
        table = context.lake.table(dataset)
        table.maintenance.expire_snapshots().older_than(older_than.replace(microsecond=0)).commit()
    counts = {"rewrite_data_files": "rewritten_data_files_count", "rewrite_manifests": "rewritten_manifests_count"}
    return [{counts[procedure]: 0}] if procedure in counts else []


ENGINES: Mapping[str, Callable[[Accounts], Engine]] = {"spark": Spark, "plain": Plain}
SESSIONS: Mapping[str, Callable[[], contextlib.AbstractContextManager[None]]] = {
    "spark": contextlib.nullcontext,
    "plain": plain_sessions,
}
