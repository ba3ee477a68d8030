"""init: finish what was published but not committed, see what changed, and freeze a plan. No engine."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import replace

from pyiceberg.table import Table

from tidemark.catalog.evolution import evolution, evolve
from tidemark.lineage.publish_commit import watermark_of
from tidemark.lineage.target_integrity import check_all_foreign_goes, check_not_lost, check_target_integrity
from tidemark.modes import make_plan, mode_of, rows_looked_at
from tidemark.planning import Situation, TargetState
from tidemark.planning.restatement import check_built
from tidemark.spec import DatasetSpec
from tidemark.spec.fingerprint import fingerprint, logic
from tidemark.stages import Planned
from tidemark.state.cause import NEWS, Cause, Restatement, Resync
from tidemark.state.effect import ReplaceAll
from tidemark.state.plan import Plan
from tidemark.steps.answered_requests import answered_by
from tidemark.steps.commit import close_published
from tidemark.steps.context import Context
from tidemark.steps.input_news import with_news
from tidemark.steps.input_state import input_state, input_table, with_row_spans
from tidemark.steps.landing import landing_state
from tidemark.steps.plan_store import store


def init(context: Context, dataset: str, cause: Cause = NEWS) -> Planned:
    """Plan the dataset's next session and store the plan; a plan that does nothing is not stored."""
    spec = context.spec(dataset)
    check_answerable(context, spec, cause)
    target = evolve(context.lake.ensure_table(spec), spec)
    close_published(context, target)
    return Planned(store(context, survey(context, spec, target, cause)))


def check_answerable(context: Context, spec: DatasetSpec, cause: Cause) -> None:
    """Refuse a restatement of what has no ranges or is not built yet, before any table is made for it."""
    if not isinstance(cause, Restatement) or spec.landing is not None:
        return
    mode_of(spec).restating(spec.dataset)
    table = context.lake.find_table(spec.dataset)
    check_built(spec.dataset, watermark_of(table) if table else None)


def survey(context: Context, spec: DatasetSpec, target: Table, cause: Cause) -> Plan:
    """The plan that follows from the tables as they are now; writes nothing.

    A resync, too, asks the watermark what retention has left.
    """
    evolution(target, spec)
    resync = isinstance(cause, Resync)
    check_target = check_not_lost if resync else check_target_integrity
    check_target(context.lake, target)
    plan = make_plan(_situation(context, spec, target, cause))
    if resync and not isinstance(plan.effect, ReplaceAll):
        check_all_foreign_goes(target)
    return plan


def _situation(context: Context, spec: DatasetSpec, target: Table, cause: Cause) -> Situation:
    head = target.current_snapshot()
    assert head is not None, "ensure_table begins each table with a snapshot"
    watermark = watermark_of(target)
    tables = {name: input_table(context, spec, i, target) for name, i in spec.inputs.items()}
    resync = isinstance(cause, Resync)
    situation = Situation(
        spec=spec,
        target=TargetState(
            str(target.metadata.table_uuid), head.snapshot_id, target.metadata.current_schema_id, watermark
        ),
        inputs={
            name: input_state(context, spec, i, tables[name], watermark, resync) for name, i in spec.inputs.items()
        },
        fingerprint=fingerprint(spec, context.settings.values),
        logic=logic(spec, context.settings.values),
        clock=context.clock,
        cause=cause,
        answered_by=answered_by(context, cause, spec.dataset),
    )
    if spec.landing is not None:
        return landing_state(context, situation)
    situation = replace(situation, inputs=with_news(spec, situation.inputs, tables, target))
    return _with_rows(situation, tables)


def _with_rows(situation: Situation, tables: Mapping[str, Table]) -> Situation:
    """The situation with the row times of the one input whose rows the plan depends on, if there is one."""
    name = rows_looked_at(situation)
    if name is None:
        return situation
    state = with_row_spans(tables[name], situation.inputs[name], situation.spec.dataset)
    return replace(situation, inputs={**situation.inputs, name: state})
