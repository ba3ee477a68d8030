"""What a rebuild of a range would touch, before anything runs: rows, bytes, partitions, time, and who follows.

All figures come from table metadata and `ops`. No engine is started and no row is read.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass
from datetime import datetime, timedelta
from statistics import median
from typing import Any

from pyiceberg.manifest import DataFile

from tidemark import session
from tidemark.catalog import Lake, ops
from tidemark.catalog.manifests import file_interval, live_entries
from tidemark.errors import RequestRefused
from tidemark.operate.session_outcomes import read_plans
from tidemark.planning.windows import partition_unit, touches
from tidemark.spec import DatasetSpec
from tidemark.state.cause import Restatement
from tidemark.state.effect import How, Nothing, ReplaceRanges
from tidemark.state.plan import InputPlan, Plan
from tidemark.state.ranges import MICROSECOND, Interval, Ranges, ceil, describe, intersect, round_out, union
from tidemark.steps.context import Context

PAST_SESSIONS = 20
"""So many of the latest rebuilds of a table give the expected time."""


MANY_PARTITIONS = 31
MANY_BYTES = 10**9
LONG = timedelta(minutes=30)
"""A rebuild beyond one of these limits is large: a person should look at its preview before it runs."""


@dataclass(frozen=True)
class Files:
    """How much there is in the data files that hold rows of some ranges. A file may hold other rows, too."""

    files: int
    rows: int
    size: int


@dataclass(frozen=True)
class _TableFiles:
    """The data files of a snapshot, each with the event times of its rows: None without rows or event times."""

    files: tuple[tuple[DataFile, Interval | None], ...]
    has_times: bool

    def within(self, ranges: Ranges | None) -> Files:
        """Return how much there is in some ranges; in all files if `ranges` is None or the table has no event time."""
        chosen = [file for file, time in self.files if self._meets(time, ranges)]
        sizes = sum(file.file_size_in_bytes for file in chosen)
        return Files(len(chosen), sum(file.record_count for file in chosen), sizes)

    def times(self) -> Ranges:
        """Return the event times that the files span."""
        return union(time for _, time in self.files if time is not None)

    def _meets(self, time: Interval | None, ranges: Ranges | None) -> bool:
        if ranges is None or not self.has_times:
            return True
        return time is not None and bool(intersect((time,), ranges))


@dataclass(frozen=True)
class Preview:
    """What a restatement would do.

    `ranges` are the whole partitions that are rebuilt, `partitions` their number, and `filled` how many of these the
    table or its inputs have rows for. `replaced` is what the table holds there now, `read` what is read of each input,
    by its name in the spec. `expected` is the time that the session takes if it goes like the latest `measured` ones;
    None if none is on record. `followers` are the datasets that read this one, directly or through others, in the
    order in which they run.
    """

    plan: Plan
    partitions: int
    filled: int
    replaced: Files
    read: Mapping[str, Files]
    expected: timedelta | None
    measured: int
    followers: tuple[str, ...]

    @property
    def ranges(self) -> Ranges:
        """The event times that are rebuilt."""
        return self.plan.ranges


def preview(context: Context, dataset: str, restatement: Restatement) -> Preview | None:
    """Return what a restatement of a dataset would do; None if a session has carried out this request already.

    Nothing is written. Raises RequestRefused if the dataset is not rebuilt by ranges, if nothing is built in the range,
    or if neither the dataset nor its inputs have rows there.
    """
    spec = context.spec(dataset)
    if not spec.rebuilds_ranges:
        raise RequestRefused(
            f"dataset: {dataset} is {spec.mode} and is not rebuilt by ranges; its usual run takes in what is new. "
            f"Ask for a dataset that reads it or that it reads"
        )
    plan = session.plan(context, dataset, restatement)
    if isinstance(plan.effect, Nothing):
        return None
    own = _files(context.lake, dataset, spec.event_time, plan.base_snapshot)
    inputs = {name: _input_files(context, spec, name, i) for name, i in plan.inputs.items() if i.dataset != dataset}
    replaced = own.within(plan.ranges)
    read = {name: files.within(plan.inputs[name].reads) for name, files in inputs.items()}
    if replaced.rows == 0 and not any(each.rows for each in read.values()):
        raise RequestRefused(
            f"from, to: {describe(plan.ranges)} holds nothing for {dataset}: neither the table nor its inputs have "
            f"rows there. Ask for a range that has rows"
        )
    filled = count_partitions(spec, _filled(spec, plan.ranges, own, inputs))
    partitions = count_partitions(spec, plan.ranges)
    expected, measured = _expected_time(context.lake, spec, filled)
    return Preview(plan, partitions, filled, replaced, read, expected, measured, followers(context.specs, dataset))


def _filled(spec: DatasetSpec, ranges: Ranges, own: _TableFiles, inputs: Mapping[str, _TableFiles]) -> Ranges:
    """Return the partitions of the ranges that the table's files span, or those of inputs touch."""
    windows = {name: window for name, window in spec.inputs.items() if name in inputs and window.touches is None}
    touched = (touches(window, inputs[name].times()) for name, window in windows.items())
    return round_out(intersect(union(own.times(), *touched), ranges), partition_unit(spec))


def is_large(found: Preview) -> bool:
    """Whether a person should approve the rebuild."""
    size = found.replaced.size + sum(read.size for read in found.read.values())
    too_long = found.expected is not None and found.expected > LONG
    return found.partitions > MANY_PARTITIONS or size > MANY_BYTES or too_long


def followers(specs: Mapping[str, DatasetSpec], dataset: str) -> tuple[str, ...]:
    """Return the datasets that read a dataset, directly or through others, inputs before their readers."""
    found: list[str] = []
    for name in session.dependency_order(dict(specs)):
        inputs = {window.dataset for window in specs[name].inputs.values()}
        if name != dataset and not inputs.isdisjoint((dataset, *found)):
            found.append(name)
    return tuple(found)


def count_partitions(spec: DatasetSpec, ranges: Ranges) -> int:
    """Return the number of hours, days or months, whichever the table is partitioned by, that meet the ranges."""
    return sum(1 for interval in ranges for _ in _partitions(spec, interval))


def _partitions(spec: DatasetSpec, interval: Interval) -> Iterator[datetime]:
    start = interval.start
    while start < interval.end:
        yield start
        start = ceil(start + MICROSECOND, partition_unit(spec))


def _files(lake: Lake, dataset: str, event_time: str | None, snapshot: int) -> _TableFiles:
    table = lake.table(dataset)
    found = table.snapshot_by_id(snapshot)
    files = [entry.data_file for entry in live_entries(table, found)] if found is not None else []
    times = (file_interval(table, file, event_time) if event_time else None for file in files)
    return _TableFiles(tuple(zip(files, times, strict=True)), event_time is not None)


def _input_files(context: Context, spec: DatasetSpec, name: str, read: InputPlan) -> _TableFiles:
    event_time = context.input_event_time(spec, name)
    return _files(context.lake, read.dataset, event_time.name if event_time else None, read.read_snapshot)


def _expected_time(lake: Lake, spec: DatasetSpec, partitions: int) -> tuple[timedelta | None, int]:
    """Return the expected time of a rebuild of some partitions, and the number of past rebuilds that it rests on.

    It is the median time of past rebuilds, or the median time per partition times the partitions if that is more.
    """
    past = list(_past_rebuilds(lake, spec))
    if not past:
        return None, 0
    usual = median(taken.total_seconds() for taken, _ in past)
    each = median(taken.total_seconds() / max(rebuilt, 1) for taken, rebuilt in past)
    return timedelta(seconds=round(max(usual, each * partitions))), len(past)


def _past_rebuilds(lake: Lake, spec: DatasetSpec) -> Iterator[tuple[timedelta, int]]:
    """Yield the time and the number of partitions of the latest rebuilds of a table, by the machine's clock."""
    of_table, columns = ops.of_dataset(spec.dataset), ("session", "how", "recorded_at")
    ended = _recorded_at(ops.rows(lake, "ops.high_watermarks", of_table, columns))
    planned = [row for row in ops.rows(lake, "ops.sessions", of_table, columns) if row["how"] == How.overwrite.value]
    began = {name: at for name, at in _recorded_at(planned).items() if name in ended}
    latest = sorted(began, key=began.__getitem__)[-PAST_SESSIONS:]
    for name, plan in read_plans(lake, latest).items():
        if isinstance(plan.effect, ReplaceRanges):  # a resync rebuilds all of time
            yield ended[name] - began[name], count_partitions(spec, plan.ranges)


def _recorded_at(rows: Iterable[Mapping[str, Any]]) -> dict[str, datetime]:
    """Return when each session was recorded; rows of older versions have no such time and are left out."""
    return {row["session"]: row["recorded_at"] for row in rows if row["recorded_at"] is not None}
