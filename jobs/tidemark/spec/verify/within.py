"""What must hold between the keys of one spec."""

from __future__ import annotations

from collections.abc import Iterator
from datetime import timedelta

from tidemark.modes import mode_of
from tidemark.spec.column_types import is_nested, parse_type
from tidemark.spec.durations import is_whole_days
from tidemark.spec.model import DatasetSpec, InputSpec, Partition
from tidemark.spec.parse.document import Item

RESERVED = ("ranges", "session", "snapshots", "complete_through", "added")
"""Params that the loop hands to every transform."""
TIMES = ("timestamp", "date")


def check_within(spec: DatasetSpec, item: Item) -> None:
    """See that a spec agrees with itself. Raises SpecError."""
    _check_name(spec, item)
    _check_mode(spec, item)
    _check_grain(spec, item.value["grain"])
    if spec.event_time is not None:
        _check_event_time(spec, spec.event_time, item.value["event_time"])
    if spec.partition_by:
        _check_partitions(spec, item.value["partition_by"])
    _check_handed(spec, item)
    if spec.inputs:
        _check_windows(spec, item.value["inputs"])
    for key, span in (("catch_up_limit", spec.catch_up_limit), ("max_range", spec.max_range)):
        if spec.event_unit == "day" and span and not is_whole_days(span):
            raise item.value[key].wrong(f"{key} is not whole days", f"a row is a whole day: write days{_DAYS}")


_DAYS = ", such as 28d"


def _check_name(spec: DatasetSpec, item: Item) -> None:
    if spec.path.stem != spec.name:
        remedy = f"rename the file to {spec.name}.yaml, or the dataset to {spec.namespace}.{spec.path.stem}"
        raise item.value["dataset"].wrong(f"{spec.dataset} is not what the file is called", remedy)
    if spec.namespace == "ops":
        raise item.value["dataset"].wrong("the namespace ops holds the loop's own records", "choose another")


def _check_mode(spec: DatasetSpec, item: Item) -> None:
    mode = mode_of(spec)
    for key in mode.needed:
        if key not in item.value:
            raise item.value["mode"].wrong(f"a {spec.mode} dataset needs {key}", f"add {key}:")
    if mode.one_input and len(spec.inputs) != 1:
        raise item.value["inputs"].wrong(f"a {spec.mode} dataset has one input", "keep one, or write mode: stateful")
    for key in mode.refused:
        if key in item.value:
            raise item.value[key].wrong(f"a {spec.mode} dataset has no {key}", "remove it, or correct the mode")


def _check_grain(spec: DatasetSpec, item: Item) -> None:
    if not spec.grain:
        raise item.wrong("grain is empty", "name the columns that tell one row from another")
    for entry in item.value:
        _need_required(spec, entry, str(entry.value), "grain")
        if is_nested(parse_type(spec.columns[entry.value].type)):
            raise entry.wrong(f"grain column {entry.value} is a list or map", "name columns of single values")


def _need_required(spec: DatasetSpec, item: Item, column: str, role: str) -> None:
    if column not in spec.columns:
        raise item.wrong(f"{role} names {column[:60]}, which is no column", f"name one of {', '.join(spec.columns)}")
    if not spec.columns[column].required:
        raise item.wrong(f"{role} column {column} is not required", f"add required: true to columns.{column}")


def _check_event_time(spec: DatasetSpec, column: str, item: Item) -> None:
    _need_required(spec, item, column, "event_time")
    kind = spec.columns[column].type
    if kind not in TIMES:
        raise item.wrong(
            f"event_time {column} is a {kind}", "name a column of type timestamp (or date: a whole UTC day)"
        )


def _check_partitions(spec: DatasetSpec, item: Item) -> None:
    seen: set[str] = set()
    for partition, entry in zip(spec.partition_by, item.value, strict=True):
        _need_required(spec, entry, partition.column, "partition_by")
        _check_transform(spec, partition, entry)
        if partition.column in seen:
            raise entry.wrong(f"partition_by names {partition.column} twice", "keep the finer one")
        if partition.transform != "identity" and partition.field_name in spec.columns:
            raise entry.wrong(f"the partition field {partition.field_name} is also a column", "rename the column")
        seen.add(partition.column)
    if spec.rebuilds_ranges and spec.event_time not in seen:
        remedy = f"add day({spec.event_time}): what a session rebuilds are partitions of the event time"
        raise item.wrong(f"partition_by leaves the event time {spec.event_time} out", remedy)


def _check_transform(spec: DatasetSpec, partition: Partition, item: Item) -> None:
    kind = spec.columns[partition.column].type
    if kind not in _partitionable(partition):
        remedy = {"timestamp": "write hour(c), day(c) or month(c)", "date": "write day(c) or month(c)"}
        raise item.wrong(
            f"a {kind} has no partition {item.value}",
            remedy.get(kind, "partition by a time, or by a text or whole number"),
        )


def _partitionable(partition: Partition) -> tuple[str, ...]:
    if partition.transform == "identity":
        return ("string", "int", "long", "boolean", "date")
    return ("timestamp",) if partition.transform == "hour" else TIMES


def _check_handed(spec: DatasetSpec, item: Item) -> None:
    for key in (*spec.params, *spec.settings):
        block = item.value["params"].value[key] if key in spec.params else item.value["settings"]
        if key in RESERVED:
            raise block.wrong(f"{key} is handed to every transform by the loop", "choose another name")
        if key in spec.params and key in spec.settings:
            raise block.wrong(f"{key} stands in params and in settings", "remove one")


def _check_windows(spec: DatasetSpec, item: Item) -> None:
    for name, entry in spec.inputs.items():
        block = item.value[name].value
        mode = mode_of(spec)
        if "window" in block and not mode.windows:
            remedy = "remove it, or write mode: stateful"
            raise block["window"].wrong(f"a row of a {spec.mode} dataset looks at no window", remedy)
        if mode.row_for_row and entry.event_time not in (None, spec.event_time):
            raise block["event_time"].wrong(
                f"{entry.event_time} is not {spec.event_time}, the time by which rows of {spec.dataset} are replaced",
                "remove it: a stateless row has the time of its input row",
            )
        if entry.dataset == spec.dataset and not mode.reads_itself:
            raise block["dataset"].wrong(
                f"{spec.dataset} reads itself", "only mode versioned may; name another dataset"
            )
        if spec.event_unit == "day":
            need_whole_days(block, entry.before, entry.after, f"{spec.dataset} has a row a day")
        _check_reading(spec, entry, block)


def _check_reading(spec: DatasetSpec, entry: InputSpec, block: dict[str, Item]) -> None:
    mode = mode_of(spec)
    if entry.touches is not None and not mode.windows:
        raise block["touches"].wrong(
            f"a {spec.mode} dataset looks at no times of its inputs", "remove it, or write mode: stateful"
        )
    for key in ("read", "news_if"):
        if key not in block:
            continue
        if not mode.reads_news:
            raise block[key].wrong(f"an input of a {spec.mode} dataset has no {key}", "remove it")
        if entry.dataset == spec.dataset:
            raise block[key].wrong(f"{spec.dataset} has no news for itself", "remove it")
    if entry.read == "added" and spec.replace != "append":
        remedy = "remove it, or write replace: append"
        raise block["read"].wrong("a version that replaces all rows needs all rows of its inputs", remedy)


def need_whole_days(block: dict[str, Item], before: timedelta | None, after: timedelta, why: str) -> None:
    """Refuse a window that is not whole days."""
    for key, length in _parts(before, after):
        if not is_whole_days(length):
            place = block["window"].value[key]
            raise place.wrong(f"{place.name} is not whole days, and {why}", f"write whole days{_DAYS}")


def _parts(before: timedelta | None, after: timedelta) -> Iterator[tuple[str, timedelta]]:
    if before is not None:
        yield "before", before
    yield "after", after
