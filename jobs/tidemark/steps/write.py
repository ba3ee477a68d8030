"""write: read the inputs as planned, transform them, drop rows outside the ranges, and stage the rest on a branch."""

from __future__ import annotations

import importlib
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Any, assert_never

from tidemark.catalog.properties import ATTEMPT, SESSION, WATERMARK, branch_name, property_of
from tidemark.engine.conform import Target, conform
from tidemark.engine.frames import qualified, read_added, read_input, within
from tidemark.engine.session import connect
from tidemark.errors import SpecError, WriteError
from tidemark.lineage.history import is_staged_by, staged_attempt
from tidemark.spec import DatasetSpec
from tidemark.spec.render.spark import to_struct
from tidemark.stages import Planned, Staged
from tidemark.state.effect import AppendFiles, AppendRows, Nothing, ReplaceAll, ReplaceRanges, Touch
from tidemark.state.plan import InputPlan, Plan
from tidemark.state.ranges import Ranges
from tidemark.steps.broken_files import naming_broken_files
from tidemark.steps.context import Context
from tidemark.steps.scratch import scratch_folder, scratch_params
from tidemark.support.error_translation import translating_refusals

if TYPE_CHECKING:
    from pyspark.sql import Column, DataFrame, SparkSession

    Transform = Callable[[Mapping[str, DataFrame], Mapping[str, Any]], Any]


@dataclass(frozen=True)
class Output:
    """The transform's result with the spec's columns, and the condition for rows to keep (None: keep all)."""

    frame: DataFrame
    keep: Column | None


def write(context: Context, planned: Planned, attempt: str, meanwhile: Callable[[], object] | None = None) -> Staged:
    """Stage the plan's rows in one commit on a branch; a finished earlier attempt of the session is used as it is.

    `meanwhile` is called once the transform has run, before the engine writes the rows, which takes its time.
    Raises TransformRefused if the transform refuses its inputs or settings, and OutputRefused if its output does not
    fit the spec. Raises WriteError if the branch does not hold exactly one commit of this session on the plan's base.
    """
    plan = planned.plan
    spec = context.spec(plan.dataset)
    table = context.lake.table(plan.dataset)
    found = staged_attempt(table, plan)
    with scratch_folder(context.settings, plan.session, attempt) as scratch:
        output = _transform(context, spec, plan, connect(context.settings), scratch)
        if meanwhile is not None:
            meanwhile()
        if found is not None:
            branch, snapshot = found
            with naming_broken_files(context, plan):
                counts = _recount(output)
            return Staged(plan, snapshot.snapshot_id, branch, counts.kept, counts.clipped)
        branch = branch_name(plan.session, attempt)
        context.lake.create_branch(table, branch, plan.base_snapshot)
        with naming_broken_files(context, plan):
            counts = _stage(spec, plan, output, branch, attempt)
    return _staged(context, plan, branch, attempt, counts)


def _transform(context: Context, spec: DatasetSpec, plan: Plan, spark: SparkSession, scratch: Path) -> Output:
    if isinstance(plan.effect, AppendFiles):
        from tidemark.landing import read_rows

        return Output(_conform(spec, spark, read_rows(spark, context.settings, spec, plan)), None)
    inputs = {name: _read(context, spec, plan, name, i, spark) for name, i in plan.inputs.items()}
    function = load_function(spec)
    with translating_refusals(spec.dataset, str(spec.transform)):
        result = function(inputs, {**transform_params(context, spec, plan), **scratch_params(scratch)})
    frame = _conform(spec, spark, result)
    if plan.ranges and spec.event_time:
        return Output(frame, within(spec.columns[spec.event_time], plan.ranges))
    return Output(frame, None)


def load_function(spec: DatasetSpec) -> Transform:
    """Return the transform that the spec names. Raises SpecError if it cannot be loaded."""
    assert spec.transform is not None, "every mode but source needs a transform"
    module, _, name = spec.transform.partition(":")
    try:
        function: Transform = getattr(importlib.import_module(module), name)
    except (ImportError, AttributeError) as error:
        raise SpecError(
            f"{spec.path}: transform {spec.transform} cannot be loaded: {error}. Correct its name"
        ) from error
    return function


def transform_params(context: Context, spec: DatasetSpec, plan: Plan) -> dict[str, Any]:
    """Return the transform's parameters: the spec's settings and params, and what the loop passes to every transform.

    The loop passes `ranges` (pairs of UTC instants; empty if the session has none), `session`, `snapshots` and
    `complete_through` by input, and `added`, the names of the inputs of which only added rows are read.
    """
    return {
        **{key: context.settings.values.get(key) for key in spec.settings},
        **spec.params,
        "ranges": tuple((i.start, i.end) for i in plan.ranges),
        "session": plan.session,
        "snapshots": {name: i.read_snapshot for name, i in plan.inputs.items()},
        "complete_through": {name: i.complete_through for name, i in plan.inputs.items()},
        "added": frozenset(name for name, i in plan.inputs.items() if i.added_only),
    }


def _read(
    context: Context, spec: DatasetSpec, plan: Plan, name: str, planned: InputPlan, spark: SparkSession
) -> DataFrame:
    if planned.added_only and planned.from_snapshot is not None:
        return read_added(spark, planned.dataset, planned.from_snapshot, planned.to_snapshot)
    frame = read_input(spark, context.lake.table(planned.dataset), planned.read_snapshot)
    event_time = context.input_event_time(spec, name)
    if planned.reads is None or event_time is None:
        return frame
    return frame.where(within(event_time, planned.reads))


def _conform(spec: DatasetSpec, spark: SparkSession, result: Any) -> DataFrame:
    """Return the result with exactly the spec's columns, in its order and types.

    The transform of a versioned dataset may return an Arrow table instead of a frame.
    """
    return conform(spark, result, Target(spec.dataset, to_struct(spec), str(spec.transform), spec.path.name))


@dataclass(frozen=True)
class Counts:
    """The rows that Spark counted while it wrote: rows kept, and rows clipped as outside the plan's ranges."""

    kept: int
    clipped: int


def _recount(output: Output) -> Counts:
    """Count the rows by computing the output again, because the counts of the write itself are not there."""
    from pyspark.sql import functions as F

    keep = _keep(output)
    row = output.frame.agg(F.count_if(keep), F.count_if(~keep)).collect()[0]
    return Counts(int(row[0]), int(row[1]))


def _keep(output: Output) -> Column:
    from pyspark.sql import functions as F

    return F.lit(True) if output.keep is None else F.coalesce(output.keep, F.lit(False))


def _stage(spec: DatasetSpec, plan: Plan, output: Output, branch: str, attempt: str) -> Counts:
    """Write the kept rows to the branch, and count kept and clipped rows in the same pass."""
    from pyspark.sql import Observation
    from pyspark.sql import functions as F

    observation = Observation("rows")
    keep = _keep(output)
    kept = F.count_if(keep).alias("kept")
    clipped = F.count_if(~keep).alias("clipped")
    rows = output.frame.observe(observation, kept, clipped)
    if output.keep is not None:
        rows = rows.where(output.keep)
    _write(spec, plan, rows, branch, attempt)
    # Empty if Spark knew beforehand that there is no row, or was too busy to report the counts (SPARK-54279).
    counts = observation.get
    return Counts(int(counts["kept"]), int(counts["clipped"])) if counts else _recount(output)


def _write(spec: DatasetSpec, plan: Plan, rows: DataFrame, branch: str, attempt: str) -> None:
    properties = {SESSION: plan.session, ATTEMPT: attempt, WATERMARK: plan.watermark(0).to_json()}
    writer = rows.writeTo(f"{qualified(plan.dataset)}.branch_{branch}")
    for key, value in properties.items():
        writer = writer.option(f"snapshot-property.{key}", value)
    match plan.effect:
        case AppendFiles() | AppendRows():
            writer.append()
        case ReplaceRanges(cleared=cleared):
            writer.overwrite(_replaced_rows(spec, cleared))
        case ReplaceAll():
            writer.overwrite(_all_rows())
        case Touch() | Nothing():
            raise AssertionError(f"{plan.how} stages no rows")
        case _:
            assert_never(plan.effect)


def _replaced_rows(spec: DatasetSpec, cleared: Ranges) -> Column:
    """Return the condition for the target rows that the session replaces, even if its own result is empty."""
    return _all_rows() if spec.event_time is None else within(spec.columns[spec.event_time], cleared)


def _all_rows() -> Column:
    from pyspark.sql import functions as F

    return F.lit(True)


def _staged(context: Context, plan: Plan, branch: str, attempt: str, counts: Counts) -> Staged:
    """Return the staged snapshot. Raises WriteError if the branch does not hold exactly one commit of this attempt."""
    snapshot = context.lake.table(plan.dataset).snapshot_by_name(branch)
    if snapshot is None or not is_staged_by(snapshot, plan) or property_of(snapshot, ATTEMPT) != attempt:
        raise WriteError(
            f"{plan.dataset}, session {plan.session}: branch {branch} does not hold exactly one commit of this attempt "
            f"on snapshot {plan.base_snapshot}. Nothing was published. Run the session again"
        )
    return Staged(plan, snapshot.snapshot_id, branch, counts.kept, counts.clipped)
