"""init: finish what was published but not committed, see what changed, and freeze a plan. No engine."""

from __future__ import annotations

from pyiceberg.table import Table

from tidemark.fingerprint import fingerprint, logic
from tidemark.lake.commits import watermark_of
from tidemark.lake.evolution import evolution, evolve
from tidemark.lake.own_hands import check_all_foreign_goes, check_own_hands
from tidemark.planning import Situation, TargetState, backfill, make_plan
from tidemark.plans import Plan
from tidemark.records import How, Request
from tidemark.spec import DatasetSpec
from tidemark.stages import Planned
from tidemark.steps.answers import answered_by
from tidemark.steps.commit import close_published
from tidemark.steps.context import Context
from tidemark.steps.inputs import has_rows, input_state, input_table, least_time
from tidemark.steps.landing import landing_state
from tidemark.steps.stored import store


def init(context: Context, dataset: str, request: Request | None = None, resync: bool = False) -> Planned:
    """Plan the dataset's next session and store the plan; a plan that does nothing is not stored."""
    spec = context.spec(dataset)
    check_answerable(context, spec, request)
    target = evolve(context.lake.ensure_table(spec), spec)
    close_published(context, target)
    plan = survey(context, spec, target, request, resync)
    return Planned(store(context, plan))


def check_answerable(context: Context, spec: DatasetSpec, request: Request | None) -> None:
    """Refuse a restatement of what has no ranges or is not built yet, before any table is made for it."""
    if request is None or spec.mode == "source":
        return
    table = context.lake.find_table(spec.dataset)
    backfill.check_answerable(spec, watermark_of(table) if table else None)


def survey(context: Context, spec: DatasetSpec, target: Table, request: Request | None, resync: bool) -> Plan:
    """The plan that follows from the tables as they are now; writes nothing."""
    evolution(target, spec)
    if not resync:
        check_own_hands(target)
    plan = make_plan(_situation(context, spec, target, request, resync))
    if resync and not (plan.how is How.overwrite and plan.replaces_all):
        check_all_foreign_goes(target)
    return plan


def _situation(context: Context, spec: DatasetSpec, target: Table, request: Request | None, resync: bool) -> Situation:
    head = target.current_snapshot()
    assert head is not None, "ensure_table begins each table with a snapshot"
    watermark = watermark_of(target)
    tables = {name: input_table(context, spec, i, target) for name, i in spec.inputs.items()}
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
        has_rows=lambda name, ranges: has_rows(tables[name], inputs[name], ranges),
        least_time=lambda name: least_time(tables[name], inputs[name], spec.dataset),
        request=request,
        done=answered_by(context, request, spec.dataset),
        resync=resync,
    )
    return landing_state(context, situation) if spec.mode == "source" else situation
