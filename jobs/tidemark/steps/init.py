"""init: commit a session that was only published, gather what changed, and store a plan. Spark is not used."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import replace

from pyiceberg.table import Table

from tidemark.catalog.evolution import evolution, evolve
from tidemark.lineage.publish_commit import watermark_of
from tidemark.lineage.target_integrity import check_no_foreign_commit, check_target_integrity, check_watermark_not_lost
from tidemark.modes import make_plan, mode_of, row_times_input
from tidemark.planning import Situation, TargetState
from tidemark.planning.restatement import check_built
from tidemark.spec import DatasetSpec
from tidemark.spec.fingerprint import fingerprint, logic
from tidemark.stages import Planned
from tidemark.state.cause import NEWS, Cause, News, Restatement, Resync
from tidemark.state.effect import ReplaceAll
from tidemark.state.plan import Plan
from tidemark.steps.answered_requests import answered_by
from tidemark.steps.commit import close_published
from tidemark.steps.context import Context
from tidemark.steps.input_news import with_news
from tidemark.steps.input_state import input_state, input_table, with_row_times
from tidemark.steps.landing import landing_state
from tidemark.steps.plan_store import store


def init(context: Context, dataset: str, cause: Cause = NEWS) -> Planned:
    """Plan the dataset's next session and store the plan; a plan that does nothing is not stored."""
    spec = context.spec(dataset)
    check_request(context, spec, cause)
    target = evolve(context.lake.ensure_table(spec), spec)
    close_published(context, target)
    return Planned(store(context, plan_session(context, spec, target, cause)))


def check_request(context: Context, spec: DatasetSpec, cause: Cause) -> None:
    """Check a restatement before any table is created for it.

    Raises RequestRefused if the dataset has no ranges or is not built yet.
    """
    if not isinstance(cause, Restatement) or spec.landing is not None:
        return
    mode_of(spec).restating(spec.dataset)
    table = context.lake.find_table(spec.dataset)
    check_built(spec.dataset, watermark_of(table) if table else None)


def plan_session(context: Context, spec: DatasetSpec, target: Table, cause: Cause) -> Plan:
    """Return the plan that follows from the tables as they are now; write nothing.

    Raises ColumnsDiffer, TargetChanged or InputChanged if the tables are in a state that the loop cannot follow.
    """
    evolution(target, spec)  # only to refuse columns that no addition can bring to the spec
    # A resync ignores the positions, but it needs the watermark to know what retention has dropped.
    resync = isinstance(cause, Resync)
    check_target = check_watermark_not_lost if resync else check_target_integrity
    check_target(context.lake, target)
    if not isinstance(cause, News):
        context = replace(context, pins={})  # what a person asks for is built from the inputs as they are now
    plan = make_plan(_situation(context, spec, target, cause))
    if resync and not isinstance(plan.effect, ReplaceAll):
        check_no_foreign_commit(target)
    return plan


def _situation(context: Context, spec: DatasetSpec, target: Table, cause: Cause) -> Situation:
    head = target.current_snapshot()
    assert head is not None, "ensure_table creates each table with a first snapshot"
    watermark = watermark_of(target)
    tables = {name: input_table(context, spec, i, target) for name, i in spec.inputs.items()}
    resync = isinstance(cause, Resync)
    inputs = {name: input_state(context, spec, i, tables[name], watermark, resync) for name, i in spec.inputs.items()}
    situation = Situation(
        spec=spec,
        target=TargetState(
            str(target.metadata.table_uuid), head.snapshot_id, target.metadata.current_schema_id, watermark
        ),
        inputs=inputs,
        fingerprint=fingerprint(spec, context.settings.values),
        logic=logic(spec, context.settings.values),
        clock=context.clock,
        cause=cause,
        answered_by=answered_by(context, cause, spec.dataset),
        notes=tuple(state.note for state in inputs.values() if state.note),
    )
    if spec.landing is not None:
        return landing_state(context, situation)
    situation = replace(situation, inputs=with_news(spec, situation.inputs, tables, target))
    return _with_row_times(situation, tables)


def _with_row_times(situation: Situation, tables: Mapping[str, Table]) -> Situation:
    """Add the row times of the input whose rows the plan depends on, if there is one."""
    name = row_times_input(situation)
    if name is None:
        return situation
    state = with_row_times(tables[name], situation.inputs[name], situation.spec.dataset)
    return replace(situation, inputs={**situation.inputs, name: state})
