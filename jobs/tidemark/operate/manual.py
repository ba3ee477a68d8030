"""What a person does by command, on record and with a reason: adopt what main holds, declare a source complete.

Each is a session that moves only the watermark: planned, stored, published and closed like any other.
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
from tidemark.operate.adoption import adoptable
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
    """Set the watermark that goes with what main holds, after somebody's hand was on the table.

    After a rollback the next session takes in again all that came after. Raises RequestRefused where nothing
    happened to main, or what happened cannot be adopted.
    """
    check_reason(reason)
    spec = context.spec(dataset)
    found = context.lake.find_table(dataset)
    if found is None or found.current_snapshot() is None:
        raise RequestRefused(f"{dataset}: nothing is published yet; there is no rollback to adopt")
    table = _target(context, dataset)
    close_published(context, table)
    held = adoptable(context, spec, table)
    plan = replace(_touch(context, dataset, table, Adoption(held, reason)), complete_through=held.complete_through)
    return _carry_out(context, plan, say)


@translate_errors
def declare_complete(context: Context, dataset: str, through: datetime, reason: str, say: Say = print) -> Committed:
    """Say that a source has all that it will ever have before `through`, so that its readers go on.

    Raises RequestRefused for what is no source, bounds nobody, lies ahead of the clock or goes back, and
    TargetChanged where somebody else's hand was on the table.
    """
    check_reason(reason)
    spec = context.spec(dataset)
    if spec.landing is None:
        raise RequestRefused(f"{dataset}: is built from its inputs, whose completeness it follows; declare a source")
    if spec.landing.completeness == "static":
        raise RequestRefused(f"{dataset}: nobody waits for it (its completeness is static); nothing to declare")
    if through > context.clock:
        raise RequestRefused(f"through {format_instant(through)} lies ahead of {format_instant(context.clock)}")
    table = _target(context, dataset)
    close_published(context, table)
    check_target_integrity(context.lake, table)
    current = watermark_of(table)
    if current is not None and current.complete_through is not None and through <= current.complete_through:
        raise RequestRefused(f"{dataset}: is complete through {format_instant(current.complete_through)} already")
    touched = _touch(context, dataset, table, Declaration(through, reason))
    plan = replace(touched, complete_through=through, final_through=through)
    return _carry_out(context, plan, say)


def _target(context: Context, dataset: str) -> Table:
    return context.lake.ensure_table(context.spec(dataset))


def _head(table: Table) -> Snapshot:
    head = table.current_snapshot()
    assert head is not None, "ensure_table begins each table with a snapshot"
    return head


def _touch(context: Context, dataset: str, table: Table, cause: Cause) -> Plan:
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
        raise MainMoved(f"{moved}; nothing was changed; see what is there now, and run the command again") from moved


def _carry_out(context: Context, plan: Plan, say: Say) -> Committed:
    stored = store(context, with_session_id(plan))
    say(explain(stored))
    committed = commit(context, _publish(context, stored))
    say(f"{stored.dataset}: session {stored.session} is closed")
    return committed
