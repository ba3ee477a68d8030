"""Follow a row back through the sessions that wrote it, as far as what is on record leads. No engine is started.

A row is in a data file, the file was added by a snapshot, and the snapshot names its session. The stored plan of that
session says at which snapshots it read its inputs: there the input rows are looked up, and so on.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import replace
from functools import lru_cache
from typing import Any

from pyiceberg.expressions import BooleanExpression
from pyiceberg.table import Table

from tidemark.catalog import Lake
from tidemark.catalog.filters import all_of, any_of, in_ranges, is_value
from tidemark.catalog.rows import FoundRow, columns_at, find_rows
from tidemark.errors import RequestRefused
from tidemark.lineage.history import readable_snapshot
from tidemark.operate.origin.chain import Origin, Step
from tidemark.operate.origin.matching import Match, event_time_of, match, times_of
from tidemark.operate.origin.plain import plain_row, sort_key
from tidemark.operate.origin.writers import Writer, landed_files, writers_of
from tidemark.spec import DatasetSpec, InputSpec
from tidemark.state.plan import InputPlan, Plan

SHOWN = 10
"""The most rows that are shown of one table."""
COUNTED = 500
"""The most rows of one table that are counted."""
FOLLOWED = 50
"""The most rows of one table whose origin is followed, the latest by event time first."""
SESSIONS = 10
"""The most sessions of one table whose inputs are followed, those that wrote last first."""


class Search:
    """A search in one lake. Tables are loaded once, so that all steps see the same state."""

    def __init__(self, lake: Lake, specs: Mapping[str, DatasetSpec]) -> None:
        self._lake, self._specs = lake, specs
        self._find_table = lru_cache(maxsize=None)(lake.find_table)

    def explain(self, dataset: str, keys: Mapping[str, Any]) -> Step:
        """Return the rows of a dataset that have the given values, up to SHOWN of them, with their origins.

        Raises RequestRefused if there is no such row.
        """
        spec, table = self._specs[dataset], self._find_table(dataset)
        head = table.current_snapshot() if table is not None else None
        if table is None or head is None:
            raise RequestRefused(f"{dataset}: the table does not exist yet; run tidemark run {dataset}")
        where = all_of(is_value(column, value) for column, value in keys.items())
        found = find_rows(table, head.snapshot_id, where, _readable_columns(spec, table, head.snapshot_id), COUNTED)
        if not found.rows:
            raise RequestRefused(_no_row(dataset, keys))
        rows = sorted(found.rows, key=lambda row: sort_key(spec, row.values))
        step = Step("", dataset, head.snapshot_id, "of the given keys", len(rows), found.more)
        return self._followed(step, spec, table, rows[:SHOWN])

    def _followed(self, step: Step, spec: DatasetSpec, table: Table, rows: Sequence[FoundRow]) -> Step:
        """Return the step with these of its rows, and their origins."""
        groups = writers_of(self._lake, table, spec, rows)
        newest = sorted(groups.items(), key=lambda group: group[0].age, reverse=True)
        return replace(
            step,
            rows=tuple(plain_row(row.values) for row in rows[:SHOWN]),
            origins=tuple(self._origin(spec, writer, rows) for writer, rows in newest[:SESSIONS]),
            untraced=max(len(newest) - SESSIONS, 0),
        )

    def _origin(self, spec: DatasetSpec, writer: Writer, rows: Sequence[FoundRow]) -> Origin:
        plan = writer.plan
        if plan is None:
            return Origin(writer.session, writer.snapshot, len(rows), note=writer.note)
        return Origin(
            session=plan.session,
            snapshot=writer.snapshot,
            rows=len(rows),
            cause=plan.cause.KIND.replace("_", " "),
            reason=plan.cause.reason,
            run=writer.run,
            planned_at=plan.clock,
            files=landed_files(plan, [row.values for row in rows]),
            inputs=tuple(self._inputs(spec, plan, rows)),
        )

    def _inputs(self, spec: DatasetSpec, plan: Plan, rows: Sequence[FoundRow]) -> Iterable[Step]:
        for name, read in plan.inputs.items():
            window = spec.inputs.get(name)
            source = self._specs.get(read.dataset)
            if window is not None and source is not None and read.dataset != spec.dataset:
                yield self._input(spec, window, source, read, rows)

    def _input(
        self, spec: DatasetSpec, window: InputSpec, source: DatasetSpec, read: InputPlan, rows: Sequence[FoundRow]
    ) -> Step:
        found = match(spec, source, window)
        wanted = read.to_snapshot if read.added_only else read.read_snapshot
        table = self._find_table(source.dataset)
        snapshot = readable_snapshot(table, wanted) if table is not None else None
        if table is None or snapshot is None:
            note = f"snapshot {wanted} has expired, so its rows cannot be read any more"
            return Step(window.name, source.dataset, wanted, found.describe(), 0, note=note)
        if not found.columns:
            return Step(window.name, source.dataset, snapshot, found.describe(), _rows_in(table, snapshot))
        where = any_of(_conditions(spec, window, source, table, found, rows))
        matching = find_rows(table, snapshot, where, _readable_columns(source, table, snapshot), COUNTED)
        count = len(matching.rows)
        step = Step(window.name, source.dataset, snapshot, found.describe(), count, matching.more)
        if not found.specific and count > SHOWN:
            return replace(step, note="many rows share them, so they are not followed")
        note = f"{FOLLOWED} of them are followed" if count > FOLLOWED else ""
        return self._followed(replace(step, note=note), source, table, _latest(source, matching.rows)[:FOLLOWED])


def _latest(spec: DatasetSpec, rows: Sequence[FoundRow]) -> list[FoundRow]:
    """Return rows with the latest event time first; without event time, in the order of their grain."""
    ordered = sorted(rows, key=lambda row: sort_key(spec, row.values))
    if spec.event_time is None:
        return ordered
    return sorted(ordered, key=lambda row: row.values[str(spec.event_time)], reverse=True)


def _conditions(
    spec: DatasetSpec, window: InputSpec, source: DatasetSpec, table: Table, found: Match, rows: Sequence[FoundRow]
) -> list[BooleanExpression]:
    """Return a condition for each different set of values and times that the rows have."""
    event_time = event_time_of(source, window) if found.by_time else None
    wanted: dict[Any, BooleanExpression] = {}
    for row in rows:
        values = {own: row.values.get(theirs) for own, theirs in found.columns.items()}
        times = times_of(spec, window, row.values) if event_time is not None else ()
        condition = all_of(is_value(column, value) for column, value in values.items())
        if event_time is not None:
            condition = all_of((condition, in_ranges(table, event_time, times)))
        wanted[(*values.items(), times)] = condition
    return list(wanted.values())


def _readable_columns(spec: DatasetSpec, table: Table, snapshot: int) -> list[str]:
    """Return the columns of a spec that a table had at a snapshot. Binary ones are left out."""
    there = columns_at(table, snapshot)
    return [column.name for column in spec.columns.values() if column.name in there and column.type != "binary"]


def _rows_in(table: Table, snapshot_id: int) -> int:
    snapshot = table.snapshot_by_id(snapshot_id)
    summary = snapshot.summary if snapshot is not None else None
    return int(summary["total-records"] or 0) if summary is not None else 0


def _no_row(dataset: str, keys: Mapping[str, Any]) -> str:
    given = ", ".join(f"{column}={str(value)[:60]!r}" for column, value in keys.items())
    return (
        f"{dataset}: no row has {given}. Leave out a key to see which rows there are, `tidemark watermarks` to see how "
        f"far the table is built, and `tidemark quarantined` to see which records were refused"
    )
