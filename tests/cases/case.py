"""Reads and runs a data case."""

from __future__ import annotations

import importlib
import math
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from datetime import UTC, date, datetime
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import Any

import yaml
from pyspark.sql import DataFrame, SparkSession
from pyspark.sql.types import StructField, StructType

from tidemark.engine.conform import Target, conform
from tidemark.spec import DatasetSpec
from tidemark.spec.render.spark import to_struct
from tidemark.state.ranges import BEGINNING, END
from tidemark.steps.scratch import scratch_params

Row = dict[str, Any]
Transform = Callable[[Mapping[str, DataFrame], Mapping[str, Any]], Any]
KEYS = {"why", "ranges", "params", "defaults", "given", "then", "refused"}


@dataclass(frozen=True)
class Case:
    """A case file: the input rows, the parameters, and the expected rows or refusal."""

    why: str
    given: Mapping[str, list[Row]]
    then: list[Row] | None
    refused: str | None
    params: Mapping[str, Any]
    ranges: tuple[tuple[datetime, datetime], ...]

    @classmethod
    def read(cls, path: Path) -> Case:
        """Read a case. Raises ValueError for a file without `why` or without one outcome, or with an unknown key."""
        raw = yaml.safe_load(path.read_text(encoding="utf-8"))
        unknown = set(raw) - KEYS
        if unknown or not raw.get("why") or ("then" in raw) == ("refused" in raw):
            raise ValueError(f"{path}: needs why, given and one of then, refused; unknown: {sorted(unknown)}")
        defaults = raw.get("defaults") or {}
        given = {name: [{**defaults.get(name, {}), **row} for row in rows or []] for name, rows in raw["given"].items()}
        then = [{**defaults.get("then", {}), **row} for row in raw["then"] or []] if "then" in raw else None
        ranges = tuple((as_instant(start), as_instant(end)) for start, end in raw.get("ranges") or [])
        return cls(raw["why"], given, then, raw.get("refused"), raw.get("params") or {}, ranges or ((BEGINNING, END),))


def run(
    case: Case, dataset: DatasetSpec, specs: Mapping[str, DatasetSpec], values: Mapping[str, Any], spark: SparkSession
) -> list[Row]:
    """Return the rows of the transform in the types of the spec, clipped to the ranges as in the loop.

    A case may give the inputs of an input instead of the input itself, which is then built by its own transform.
    """
    with TemporaryDirectory() as folder:
        scratch = Path(folder)
        params = {**_params(dataset, values, scratch), "ranges": case.ranges, **case.params}
        inputs = _inputs(case, dataset, specs, values, spark, scratch)
        rows = rows_of(_built(dataset, inputs, params, spark))
    return [row for row in rows if _wanted(row, dataset.event_time, case.ranges)]


def _inputs(
    case: Case,
    dataset: DatasetSpec,
    specs: Mapping[str, DatasetSpec],
    values: Mapping[str, Any],
    spark: SparkSession,
    scratch: Path,
) -> dict[str, DataFrame]:
    """Return the inputs of the dataset: the given rows, rows built from given rows of an earlier dataset, or none."""
    earlier = set(case.given) - set(dataset.inputs)
    frames: dict[str, DataFrame] = {}
    used: set[str] = set()
    for name, each in dataset.inputs.items():
        source = specs[each.dataset]
        given = {key: case.given[key] for key in earlier & set(source.inputs)}
        if given:
            used |= given.keys()
            its = {key: frame(spark, specs[i.dataset], given.get(key, [])) for key, i in source.inputs.items()}
            frames[name] = _built(source, its, _params(source, values, scratch), spark)
        else:
            frames[name] = frame(spark, source, case.given.get(name, []))
    assert used == earlier, f"{dataset.dataset} and its inputs have no input {sorted(earlier - used)}"
    return frames


def _built(
    dataset: DatasetSpec, inputs: Mapping[str, DataFrame], params: Mapping[str, Any], spark: SparkSession
) -> DataFrame:
    target = Target(dataset.dataset, to_struct(dataset), str(dataset.transform), dataset.path.name)
    return conform(spark, load_transform(dataset)(inputs, params), target)


def _params(dataset: DatasetSpec, values: Mapping[str, Any], scratch: Path) -> dict[str, Any]:
    settings = {key: values.get(key) for key in dataset.settings}
    always = {"ranges": ((BEGINNING, END),), "session": "case"}
    return {**settings, **dataset.params, **always, **scratch_params(scratch / dataset.dataset)}


def load_transform(dataset: DatasetSpec) -> Transform:
    """Return the transform that the spec names."""
    assert dataset.transform is not None, f"{dataset.dataset} is landed, not transformed"
    module, _, name = dataset.transform.partition(":")
    function: Transform = getattr(importlib.import_module(module), name)
    return function


def rows_of(result: DataFrame) -> list[Row]:
    """Return the rows of a data frame as dictionaries."""
    return [row.asDict(recursive=True) for row in result.collect()]


def frame(spark: SparkSession, spec: DatasetSpec, rows: list[Row]) -> DataFrame:
    """Return rows as a data frame with the columns of the spec. Columns that a row omits are null."""
    unknown = {name for row in rows for name in row} - set(spec.columns)
    assert not unknown, f"{spec.dataset} has no column {sorted(unknown)}"
    struct = StructType([StructField(field.name, field.dataType, True) for field in to_struct(spec).fields])
    kinds = {name: column.type for name, column in spec.columns.items()}
    values = [tuple(typed(row.get(name), kinds[name]) for name in struct.names) for row in rows]
    return spark.createDataFrame(values, struct)


def compare(spec: DatasetSpec, found: list[Row], expected: list[Row]) -> list[str]:
    """Return the differences in words. The list is empty if exactly the expected rows are there."""
    faults = [f"{len(found)} rows, expected {len(expected)}"] if len(found) != len(expected) else []
    for row in expected:
        wanted = {name: typed(value, spec.columns[name].type) for name, value in row.items()}
        keys = {name: value for name, value in wanted.items() if name in spec.grain}
        same = [other for other in found if all(is_same(other[name], value) for name, value in keys.items())]
        if len(same) != 1:
            faults.append(f"{len(same)} rows with {keys}")
            continue
        faults += [
            f"{keys}: {name} is {same[0][name]!r}, expected {value!r}"
            for name, value in wanted.items()
            if not is_same(same[0][name], value)
        ]
    return faults


def is_same(found: Any, expected: Any) -> bool:
    """Return true if two values are equal; floating-point numbers are compared to six digits."""
    if isinstance(found, datetime):
        found = as_instant(found)
    if isinstance(found, float) and isinstance(expected, int | float):
        return math.isclose(found, expected, rel_tol=1e-6, abs_tol=1e-9)
    if isinstance(found, list) and isinstance(expected, list):
        return len(found) == len(expected) and all(is_same(a, b) for a, b in zip(found, expected, strict=True))
    if isinstance(found, dict) and isinstance(expected, dict):
        return found.keys() == expected.keys() and all(is_same(found[key], expected[key]) for key in found)
    return bool(found == expected)


def typed(value: Any, kind: str) -> Any:
    """Convert a YAML value to the type of a column."""
    if value is None:
        return None
    if kind.startswith("list<"):
        return [typed(entry, kind.removeprefix("list<").removesuffix(">")) for entry in value]
    if kind == "timestamp":
        return as_instant(value)
    if kind == "date":
        return value if not isinstance(value, datetime) else value.date()
    if kind == "double":
        return float(value)
    if kind == "map<string,double>":
        return {name: float(number) for name, number in value.items()}
    return value


def as_instant(value: Any) -> datetime:
    """Convert a YAML date or timestamp to an aware datetime. Without an offset it is UTC."""
    if isinstance(value, str):
        value = datetime.fromisoformat(value)
    if not isinstance(value, datetime):
        value = datetime(value.year, value.month, value.day)
    return value.replace(tzinfo=UTC) if value.tzinfo is None else value.astimezone(UTC)


def _wanted(row: Row, event_time: str | None, ranges: tuple[tuple[datetime, datetime], ...]) -> bool:
    if event_time is None:
        return True
    value: date | datetime = row[event_time]
    return any(start <= as_instant(value) < end for start, end in ranges)
