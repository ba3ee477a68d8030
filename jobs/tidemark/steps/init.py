"""init: finish what was published but not committed, see what changed, and freeze a plan. No engine."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import replace
from datetime import datetime

from pyiceberg.expressions import BooleanExpression
from pyiceberg.table import Table
from pyiceberg.types import DateType

from tidemark.errors import InputChanged, PositionLost
from tidemark.fingerprint import fingerprint, logic
from tidemark.lake import ops
from tidemark.lake.changes import Changes, changes_since, least_event_time
from tidemark.lake.commits import watermark_of
from tidemark.lake.conditions import any_of, between
from tidemark.lake.evolution import check_readable, evolution, evolve
from tidemark.lake.history import check_own_hands
from tidemark.lake.manifests import ancestors, table_name
from tidemark.planning import InputState, Situation, TargetState, make_plan
from tidemark.planning.common import latest
from tidemark.plans import Plan
from tidemark.ranges import Ranges, Unit, ceil, floor, intersect
from tidemark.records import How, Position, Request, Watermark
from tidemark.spec import DatasetSpec, InputSpec
from tidemark.stages import Planned
from tidemark.steps.commit import close_published
from tidemark.steps.context import Context
from tidemark.steps.landing import landing_state


def init(context: Context, dataset: str, request: Request | None = None, resync: bool = False) -> Planned:
    """Plan the dataset's next session and store the plan; a plan that does nothing is not stored."""
    spec = context.spec(dataset)
    target = evolve(context.lake.ensure_table(spec), spec)
    close_published(context, target)
    plan = survey(context, spec, target, request, resync)
    return Planned(store(context, plan))


def survey(context: Context, spec: DatasetSpec, target: Table, request: Request | None, resync: bool) -> Plan:
    """The plan that follows from the tables as they are now; writes nothing."""
    evolution(target, spec)
    if not resync:
        check_own_hands(target)
    return make_plan(_situation(context, spec, target, request, resync))


def _situation(context: Context, spec: DatasetSpec, target: Table, request: Request | None, resync: bool) -> Situation:
    head = target.current_snapshot()
    assert head is not None, "ensure_table begins each table with a snapshot"
    watermark = watermark_of(target)
    tables = {name: _input_table(context, spec, i, target) for name, i in spec.inputs.items()}
    inputs = {
        name: _input_state(context, spec, i, tables[name], watermark.inputs.get(name) if watermark else None, resync)
        for name, i in spec.inputs.items()
    }
    situation = Situation(
        spec=spec,
        target=TargetState(
            str(target.metadata.table_uuid), head.snapshot_id, target.metadata.current_schema_id, watermark
        ),
        inputs=inputs,
        fingerprint=fingerprint(spec, context.settings.values),
        logic=logic(spec, context.settings.values),
        clock=context.clock,
        has_rows=lambda name, ranges: _has_rows(tables[name], inputs[name], ranges),
        least_time=lambda name: _least_time(tables[name], inputs[name]),
        request=request,
        done=_answered_by(context, request, spec),
        resync=resync,
    )
    return landing_state(context, situation) if spec.mode == "source" else situation


def _input_table(context: Context, spec: DatasetSpec, window: InputSpec, target: Table) -> Table:
    if window.dataset == spec.dataset:
        return target
    table = context.lake.ensure_table(context.spec(window.dataset))
    check_readable(table, context.spec(window.dataset))
    return table


def _input_state(
    context: Context, spec: DatasetSpec, window: InputSpec, table: Table, position: Position | None, resync: bool
) -> InputState:
    """How an input stands, and what it did since the target's watermark."""
    own = window.dataset == spec.dataset
    input_spec = context.spec(window.dataset)
    state = watermark_of(table)
    event_time = window.event_time or input_spec.event_time
    if not own:
        _check_in_history(table, state)
    keep_from = context.clock - window.keep if window.keep else None
    seen = None if resync else position
    changes = _own_changes(table) if own else _changes(table, window, seen, event_time, keep_from)
    static = input_spec.landing is not None and input_spec.landing.completeness == "static"
    return InputState(
        spec=replace(window, event_time=event_time),
        uuid=str(table.metadata.table_uuid),
        head=changes.to_snapshot,
        changes=changes,
        complete_through=state.complete_through if state else None,
        final_through=state.final_through if state else None,
        published=state is not None,
        bounds=not static and not own and input_spec.mode != "versioned",
        own=own,
        held_from=latest(changes.dropped_through, _held_from(table, position)),
    )


def _held_from(table: Table, position: Position | None) -> datetime | None:
    """What retention had left of this very table; one that was made anew holds all that is in it."""
    if position is None or position.uuid != str(table.metadata.table_uuid):
        return None
    return position.held_from


def _check_in_history(table: Table, state: Watermark | None) -> None:
    """An input that was rolled back promises rows that it no longer holds."""
    head = table.current_snapshot()
    if state is None or head is None:
        return
    if all(snapshot.snapshot_id != state.snapshot for snapshot in ancestors(table, head)):
        raise InputChanged(
            f"{table_name(table)}: its published snapshot {state.snapshot} is no longer in main's history: it was "
            f"rolled back, and its readers wait. Move its main to that snapshot again, or rebuild it, then run again"
        )


def _changes(
    table: Table, window: InputSpec, position: Position | None, event_time: str | None, keep_from: datetime | None
) -> Changes:
    if position is not None and position.uuid != str(table.metadata.table_uuid):
        raise PositionLost(
            f"{window.dataset}: the table was dropped and made anew since the reader's watermark; nothing was read. "
            f"Rebuild the reader from what it holds now: tidemark run DATASET --resync"
        )
    return changes_since(table, position.snapshot if position else None, event_time, keep_from)


def _own_changes(table: Table) -> Changes:
    head = table.current_snapshot()
    assert head is not None, "ensure_table begins each table with a snapshot"
    return Changes(None, head.snapshot_id, 0, 0, 0, ())


def _has_rows(table: Table, state: InputState, ranges: Ranges) -> bool:
    column = state.spec.event_time
    if column is None or not ranges:
        return True
    if any(intersect((file.span,), ranges) for file in state.changes.files):
        return True
    scan = table.scan(_within(table, column, ranges), snapshot_id=state.head)
    return any(True for _ in scan.plan_files())


def _within(table: Table, column: str, ranges: Ranges) -> BooleanExpression:
    is_date = isinstance(table.schema().find_field(column).field_type, DateType)
    return any_of(between(column, _literal(i.start, is_date), _literal(i.end, is_date, ceil)) for i in ranges)


def _literal(instant: datetime, is_date: bool, rounded: Callable[[datetime, Unit], datetime] = floor) -> str:
    """An instant as a value of the column; of a date column, the day that holds or follows it."""
    return rounded(instant, "day").date().isoformat() if is_date else instant.isoformat()


def _least_time(table: Table, state: InputState) -> datetime | None:
    return None if state.spec.event_time is None else least_event_time(table, state.head, state.spec.event_time)


def _answered_by(context: Context, request: Request | None, spec: DatasetSpec) -> str | None:
    """The session that has carried out this request already."""
    if request is None:
        return None
    closed = ops.rows(context.lake, "ops.high_watermarks", ops.of_request(request.request_id), ("session", "dataset"))
    return next((row["session"] for row in closed if row["dataset"] == spec.dataset), None)


def store(context: Context, plan: Plan) -> Plan:
    """Write the plan to `ops.sessions`, or take the stored one where the same plan was made before."""
    if plan.how is How.nothing:
        return plan
    known = find_plan(context, plan.session)
    if known is not None:
        return known
    row = {
        "session": plan.session,
        "dataset": plan.dataset,
        "how": plan.how.value,
        "request_id": plan.request.request_id if plan.request else None,
        "base_snapshot": plan.base_snapshot,
        "plan": plan.to_json(),
        "planned_at": context.clock,
    }
    ops.append(context.lake, "ops.sessions", [row])
    return plan


def find_plan(context: Context, session: str) -> Plan | None:
    """The stored plan of a session."""
    found = ops.rows(context.lake, "ops.sessions", ops.of_session(session), ("plan",))
    return Plan.from_json(found[0]["plan"]) if found else None
