"""Commands of a person, recorded with a reason: adopt what main holds, declare a source complete.

Each command is a session that moves only the watermark. It is planned, stored, published and closed like any other.
"""

from __future__ import annotations

from dataclasses import replace
from datetime import datetime

from pyiceberg.table import Table
from pyiceberg.table.snapshots import Snapshot

from tidemark.errors import MainMoved, RequestRefused
from tidemark.explain import explain
from tidemark.lineage.publish_commit import watermark_of
from tidemark.lineage.target_integrity import check_target_integrity
from tidemark.operate.adoption import adoptable_watermark
from tidemark.planning import with_session_id
from tidemark.session import Say
from tidemark.settings.run_parameters import check_reason
from tidemark.spec.fingerprint import fingerprint
from tidemark.stages import Committed, Planned, Published
from tidemark.state.cause import Adoption, Cause, Declaration
from tidemark.state.effect import TOUCH
from tidemark.state.plan import Plan
from tidemark.state.ranges import format_instant
from tidemark.steps.commit import close_published, commit
from tidemark.steps.context import Context
from tidemark.steps.plan_store import store
from tidemark.steps.publish import touch
from tidemark.support.error_translation import translate_errors


@translate_errors
def adopt(context: Context, dataset: str, reason: str, say: Say = print) -> Committed:
    """Set the watermark that matches what main holds, after somebody changed the table by hand.

    After a rollback, the next session reads again all input changes that the rollback undid.

    Raises:
        RequestRefused: If main was not changed by hand, or if the change cannot be adopted.
    """
    check_reason(reason)
    spec = context.spec(dataset)
    found = context.lake.find_table(dataset)
    if found is None or found.current_snapshot() is None:
        raise RequestRefused(f"{dataset}: nothing is published yet, so there is nothing to adopt")
    table = _ensure_target(context, dataset)
    close_published(context, table)
    adopted = adoptable_watermark(context, spec, table)
    touch_plan = _plan_touch(context, dataset, table, Adoption(adopted, reason))
    return _carry_out(context, replace(touch_plan, complete_through=adopted.complete_through), say)


@translate_errors
def declare_complete(context: Context, dataset: str, through: datetime, reason: str, say: Say = print) -> Committed:
    """Declare that a source will get no more records before `through`, so that its readers can go on.

    Raises:
        RequestRefused: If the dataset is not a source, if its completeness is static, if `through` lies after the
            clock, or if the source is complete through `through` already.
        TargetChanged: If somebody changed the table by hand.
    """
    check_reason(reason)
    spec = context.spec(dataset)
    if spec.landing is None:
        raise RequestRefused(
            f"{dataset}: only a source can be declared complete. This dataset is as complete as its inputs are; "
            f"declare the source that it waits for"
        )
    if spec.landing.completeness == "static":
        raise RequestRefused(
            f"{dataset}: no dataset waits for this source (completeness: static), so there is nothing to declare"
        )
    if through > context.clock:
        raise RequestRefused(
            f"through: {format_instant(through)} lies after the start of this run, {format_instant(context.clock)}; "
            f"give an earlier instant"
        )
    table = _ensure_target(context, dataset)
    close_published(context, table)
    check_target_integrity(context.lake, table)
    current = watermark_of(table)
    if current is not None and current.complete_through is not None and through <= current.complete_through:
        raise RequestRefused(
            f"{dataset}: the source is already complete through {format_instant(current.complete_through)}"
        )
    touch_plan = _plan_touch(context, dataset, table, Declaration(through, reason))
    return _carry_out(context, replace(touch_plan, complete_through=through, final_through=through), say)


def _ensure_target(context: Context, dataset: str) -> Table:
    return context.lake.ensure_table(context.spec(dataset))


def _head(table: Table) -> Snapshot:
    head = table.current_snapshot()
    assert head is not None, "ensure_table gives each table a first snapshot"
    return head


def _plan_touch(context: Context, dataset: str, table: Table, cause: Cause) -> Plan:
    values = context.settings.values
    spec = context.spec(dataset)
    current = watermark_of(table)
    return Plan(
        dataset=dataset,
        table_uuid=str(table.metadata.table_uuid),
        base_snapshot=_head(table).snapshot_id,
        schema_id=table.metadata.current_schema_id,
        fingerprint=fingerprint(spec, values),
        logic=current.logic if current else "",
        clock=context.clock,
        effect=TOUCH,
        cause=cause,
        owed=current.owed if current else (),
        overdue=current.overdue if current else (),
        borders=current.borders if current else (),
        previous=current,
    )


def _publish(context: Context, plan: Plan) -> Published:
    try:
        return touch(context, Planned(plan))
    except MainMoved as moved:
        raise MainMoved(
            f"{moved}; nothing was changed. Look at the table as it is now, then repeat the command"
        ) from moved


def _carry_out(context: Context, plan: Plan, say: Say) -> Committed:
    stored = store(context, with_session_id(plan))
    say(explain(stored))
    committed = commit(context, _publish(context, stored))
    say(f"{stored.dataset}: session {stored.session} is closed")
    return committed
