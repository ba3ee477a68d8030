"""Check the keys of one spec against each other."""

from __future__ import annotations

from collections.abc import Iterator
from datetime import timedelta

from tidemark.modes import mode_of
from tidemark.spec.column_types import is_nested, parse_type
from tidemark.spec.durations import is_whole_days
from tidemark.spec.model import DatasetSpec, InputSpec, Partition
from tidemark.spec.parse.document import Item

RESERVED = ("ranges", "session", "snapshots", "complete_through", "added", "scratch", "scratch_location")
"""Params that the loop passes to every transform."""
TIMES = ("timestamp", "date")


def check_within(spec: DatasetSpec, item: Item) -> None:
    """Check that the keys of a spec agree with each other. `item` is its parsed file. Raises SpecError."""
    _check_name(spec, item)
    _check_mode(spec, item)
    _check_grain(spec, item.value["grain"])
    if spec.event_time is not None:
        _check_event_time(spec, spec.event_time, item.value["event_time"])
    if spec.known_time is not None:
        _check_known_time(spec, spec.known_time, item.value["known_time"])
    if spec.partition_by:
        _check_partitions(spec, item.value["partition_by"])
    _check_param_names(spec, item)
    if spec.inputs:
        _check_inputs(spec, item.value["inputs"])
    _check_deadline(spec, item)
    for key, length in (("catch_up_limit", spec.catch_up_limit), ("max_range", spec.max_range)):
        if spec.event_unit == "day" and length and not is_whole_days(length):
            raise item.value[key].error(
                f"{key} is not a number of whole days, and the event time {spec.event_time} is a date", _DAYS_REMEDY
            )


_DAYS_REMEDY = "write whole days, such as 28d"


def _check_deadline(spec: DatasetSpec, item: Item) -> None:
    """Refuse a deadline for a source whose completeness does not follow the clock."""
    if spec.fresh_within is not None and spec.landing is not None and spec.landing.completeness == "static":
        raise item.value["fresh_within"].error(
            "a source with completeness: static is never behind", "remove fresh_within, or write completeness: clock"
        )


def _check_name(spec: DatasetSpec, item: Item) -> None:
    if spec.path.stem != spec.name:
        remedy = f"rename the file to {spec.name}.yaml, or the dataset to {spec.namespace}.{spec.path.stem}"
        raise item.value["dataset"].error(f"{spec.dataset} does not match the file's name", remedy)
    if spec.namespace == "ops":
        raise item.value["dataset"].error("the namespace ops is reserved for the loop's own tables", "choose another")


def _check_mode(spec: DatasetSpec, item: Item) -> None:
    mode = mode_of(spec)
    for key in mode.needed:
        if key not in item.value:
            raise item.value["mode"].error(f"a {spec.mode} dataset needs {key}", f"add {key}:")
    if mode.one_input and len(spec.inputs) != 1:
        raise item.value["inputs"].error(
            f"a {spec.mode} dataset has exactly one input", "keep one, or write mode: stateful"
        )
    for key in mode.refused:
        if key in item.value:
            raise item.value[key].error(f"a {spec.mode} dataset takes no {key}", "remove it, or correct the mode")


def _check_grain(spec: DatasetSpec, item: Item) -> None:
    if not spec.grain:
        raise item.error("grain is empty", "name the columns that identify a row")
    for entry in item.value:
        _need_required(spec, entry, str(entry.value), "grain")
        if is_nested(parse_type(spec.columns[entry.value].type)):
            raise entry.error(f"grain column {entry.value} is a list or map", "name columns of single values")


def _need_required(spec: DatasetSpec, item: Item, column: str, role: str) -> None:
    if column not in spec.columns:
        raise item.error(f"{role} names {column[:60]}, which is not a column", f"name one of {', '.join(spec.columns)}")
    if not spec.columns[column].required:
        raise item.error(f"{role} column {column} is not required", f"add required: true to columns.{column}")


def _check_event_time(spec: DatasetSpec, column: str, item: Item) -> None:
    _need_required(spec, item, column, "event_time")
    kind = spec.columns[column].type
    if kind not in TIMES:
        raise item.error(
            f"event_time {column} has type {kind}",
            "name a column of type timestamp, or of type date if a row stands for a whole UTC day",
        )


def _check_known_time(spec: DatasetSpec, column: str, item: Item) -> None:
    if mode_of(spec).row_for_row or not spec.rebuilds_ranges:
        raise item.error(f"a {spec.mode} dataset takes no known_time", "remove it, or write mode: stateful")
    _need_required(spec, item, column, "known_time")
    if spec.columns[column].type not in TIMES or column == spec.event_time:
        raise item.error(
            f"known_time {column} is not a time of its own",
            "name a column of type date or timestamp, other than the event time, that says when a row became known",
        )


def _check_partitions(spec: DatasetSpec, item: Item) -> None:
    seen: set[str] = set()
    for partition, entry in zip(spec.partition_by, item.value, strict=True):
        _need_required(spec, entry, partition.column, "partition_by")
        _check_transform(spec, partition, entry)
        if partition.column in seen:
            raise entry.error(f"partition_by names {partition.column} twice", "keep the finer partition")
        if partition.transform != "identity" and partition.field_name in spec.columns:
            raise entry.error(
                f"the partition field {partition.field_name} has the name of a column", "rename the column"
            )
        seen.add(partition.column)
    if spec.rebuilds_ranges and spec.event_time not in seen:
        remedy = f"add day({spec.event_time}), because a session rebuilds partitions of the event time"
        raise item.error(f"partition_by does not name the event time {spec.event_time}", remedy)


def _check_transform(spec: DatasetSpec, partition: Partition, item: Item) -> None:
    kind = spec.columns[partition.column].type
    if kind not in _partitionable(partition):
        remedy = {"timestamp": "write hour(c), day(c) or month(c)", "date": "write day(c) or month(c)"}
        raise item.error(
            f"column {partition.column} has type {kind}, which cannot be partitioned by {item.value}",
            remedy.get(kind, "partition by a time, or name a column of type string, int, long or boolean"),
        )


def _partitionable(partition: Partition) -> tuple[str, ...]:
    if partition.transform == "identity":
        return ("string", "int", "long", "boolean", "date")
    return ("timestamp",) if partition.transform == "hour" else TIMES


def _check_param_names(spec: DatasetSpec, item: Item) -> None:
    for key in (*spec.params, *spec.settings):
        block = item.value["params"].value[key] if key in spec.params else item.value["settings"]
        if key in RESERVED:
            raise block.error(f"the loop itself passes {key} to every transform", "choose another name")
        if key in spec.params and key in spec.settings:
            raise block.error(f"{key} is both in params and in settings", "remove one")


def _check_inputs(spec: DatasetSpec, item: Item) -> None:
    for name, entry in spec.inputs.items():
        block = item.value[name].value
        mode = mode_of(spec)
        if "window" in block and not mode.windows:
            remedy = "remove it, or write mode: stateful"
            raise block["window"].error(f"an input of a {spec.mode} dataset takes no window", remedy)
        if mode.row_for_row and entry.event_time not in (None, spec.event_time):
            raise block["event_time"].error(
                f"{entry.event_time} is not {spec.event_time}, the event time of {spec.dataset}",
                "remove it: a stateless row has the event time of its input row",
            )
        if entry.dataset == spec.dataset and not mode.reads_itself:
            raise block["dataset"].error(
                f"{spec.dataset} reads itself", "name another dataset: only mode versioned allows this"
            )
        if spec.event_unit == "day":
            need_whole_days(block, entry.before, entry.after, f"{spec.event_time} of {spec.dataset} is a date")
        _check_reading(spec, entry, block)


def _check_reading(spec: DatasetSpec, entry: InputSpec, block: dict[str, Item]) -> None:
    mode = mode_of(spec)
    if entry.touches is not None and not mode.windows:
        raise block["touches"].error(
            f"an input of a {spec.mode} dataset takes no touches", "remove it, or write mode: stateful"
        )
    for key in ("read", "news_if"):
        if key not in block:
            continue
        if not mode.reads_news:
            raise block[key].error(f"an input of a {spec.mode} dataset takes no {key}", "remove it")
        if entry.dataset == spec.dataset:
            raise block[key].error(f"{spec.dataset} reads itself, and {key} does not apply to that input", "remove it")
    if entry.read == "added" and spec.replace != "append":
        remedy = "remove read, or write replace: append"
        raise block["read"].error("replace: whole needs all rows of each input", remedy)


def need_whole_days(block: dict[str, Item], before: timedelta | None, after: timedelta, why: str) -> None:
    """Refuse a window that is not a number of whole days. `why` ends the sentence: "..., and `why`"."""
    for key, length in _parts(before, after):
        if not is_whole_days(length):
            place = block["window"].value[key]
            raise place.error(f"{place.name} is not a number of whole days, and {why}", _DAYS_REMEDY)


def _parts(before: timedelta | None, after: timedelta) -> Iterator[tuple[str, timedelta]]:
    if before is not None:
        yield "before", before
    yield "after", after
