"""init: finish what was published but not committed, see what changed, and freeze a plan. No engine."""

from __future__ import annotations

from dataclasses import replace

from pyiceberg.table import Table

from tidemark.catalog.evolution import evolution, evolve
from tidemark.lineage.publish_commit import watermark_of
from tidemark.lineage.target_integrity import check_all_foreign_goes, check_not_lost, check_own_hands
from tidemark.planning import Situation, TargetState, backfill, make_plan, with_session_id
from tidemark.spec import DatasetSpec
from tidemark.spec.fingerprint import fingerprint, logic
from tidemark.stages import Planned
from tidemark.state.plan import Plan
from tidemark.state.watermark import How, Request
from tidemark.steps.answered_requests import answered_by
from tidemark.steps.commit import close_published
from tidemark.steps.context import Context
from tidemark.steps.input_state import has_rows, input_state, input_table, least_time
from tidemark.steps.landing import landing_state
from tidemark.steps.plan_store import store


def init(
    context: Context, dataset: str, request: Request | None = None, resync: bool = False, reason: str = ""
) -> Planned:
    """Plan the dataset's next session and store the plan; a plan that does nothing is not stored."""
    spec = context.spec(dataset)
    check_answerable(context, spec, request)
    target = evolve(context.lake.ensure_table(spec), spec)
    close_published(context, target)
    plan = survey(context, spec, target, request, resync, reason)
    return Planned(store(context, plan))


def check_answerable(context: Context, spec: DatasetSpec, request: Request | None) -> None:
    """Refuse a restatement of what has no ranges or is not built yet, before any table is made for it."""
    if request is None or spec.mode == "source":
        return
    table = context.lake.find_table(spec.dataset)
    backfill.check_answerable(spec, watermark_of(table) if table else None)


def survey(
    context: Context, spec: DatasetSpec, target: Table, request: Request | None, resync: bool, reason: str = ""
) -> Plan:
    """The plan that follows from the tables as they are now; writes nothing. `reason`: why a person resyncs.

    A resync, too, asks the watermark what retention has left.
    """
    evolution(target, spec)
    check_hands = check_not_lost if resync else check_own_hands
    check_hands(context.lake, target)
    plan = make_plan(_situation(context, spec, target, request, resync))
    if resync and not (plan.how is How.overwrite and plan.replaces_all):
        check_all_foreign_goes(target)
    return _on_record(plan, reason) if resync else plan


def _on_record(plan: Plan, reason: str) -> Plan:
    """The plan with the reason of whoever asked for it; what does nothing needs none."""
    if not reason or plan.how is How.nothing:
        return plan
    return with_session_id(replace(plan, reason=reason))


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
