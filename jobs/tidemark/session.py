"""One pass of one dataset: the three calls that a scheduler makes, and all of them at once.

    init -> write_audit_publish -> commit

Each call opens what it needs, so that they may run in three processes.
"""

from __future__ import annotations

import threading
import uuid
from collections.abc import Callable
from datetime import datetime

from tidemark.catalog import Lake, open_lake, ops
from tidemark.engine.session import engine_loss
from tidemark.errors import AuditFailed, MainMoved, RequestRefused
from tidemark.explain import explain
from tidemark.lineage.publish_commit import check_as_planned, watermark_of
from tidemark.settings import Settings
from tidemark.spec import DatasetSpec
from tidemark.spec.fingerprint import fingerprint
from tidemark.spec.load import load_specs
from tidemark.spec.verify.entries import check_entry
from tidemark.stages import Committed, Planned, Published
from tidemark.state.cause import NEWS, Cause
from tidemark.state.effect import Nothing, stages_rows
from tidemark.state.plan import Plan
from tidemark.state.watermark import Watermark
from tidemark.steps import init as init_step
from tidemark.steps.commit import commit as commit_step
from tidemark.steps.context import Context, find_spec
from tidemark.steps.plan_store import find_plan
from tidemark.steps.publish import find_published, publish, touch
from tidemark.support.error_translation import translate_errors, translating_errors

REDOS = 5
"""How often a session starts again from init when another one published first."""

WARNING = "warning: "
"""What a line begins with that somebody should look at, though the session goes on."""

Say = Callable[[str], None]


def open_context(
    settings: Settings, clock: datetime, dataset: str | None = None, opening: Callable[[Settings], Lake] = open_lake
) -> Context:
    """Load all specs and open the lake. `clock` is the instant of the run, handed in.

    A spec that names code which is no transform, and a `dataset` that is unknown, are refused before that.
    `opening` opens the lake; by default one is made where none is.
    """
    specs = load_specs(settings.schemas, settings.values)
    for spec in specs.values():
        check_entry(spec)
    if dataset is not None:
        find_spec(specs, dataset)
    with translating_errors(str(settings.lake)):
        lake = opening(settings)
    return Context(settings, lake, specs, clock)


@translate_errors
def plan(context: Context, dataset: str, cause: Cause = NEWS) -> Plan:
    """What the next session would do; writes no row and stores no plan."""
    spec = context.spec(dataset)
    init_step.check_answerable(context, spec, cause)
    return init_step.survey(context, spec, context.lake.ensure_table(spec), cause)


@translate_errors
def init(context: Context, dataset: str, cause: Cause = NEWS, say: Say = print) -> Planned:
    """Decide what the session does, and store the plan."""
    planned = init_step.init(context, dataset, cause)
    say(explain(planned.plan))
    return planned


@translate_errors
def write_audit_publish(
    context: Context, dataset: str, session: str, attempt: str | None = None, say: Say = print
) -> Published:
    """Carry out a stored plan up to its publication; start again from init where main moved meanwhile.

    `attempt` names this try's branch (default: a fresh name). The published session may be another than the
    one asked for, when it had to be planned anew. Raises what write, audit and publish raise, and MainMoved
    after REDOS tries.
    """
    stored = find_plan(context, session)
    if stored is None or stored.dataset != dataset:
        raise RequestRefused(f"{dataset}: no plan of session {session[:60]!r} in ops.sessions; run init again")
    current = _planned_by_todays_logic(context, Planned(stored), say)
    for redo in range(REDOS):
        try:
            return _carry_out(context, current, attempt if redo == 0 and attempt else _fresh_attempt(), say)
        except MainMoved as moved:
            say(f"{moved}; the session starts again from init")
            current = init(context, dataset, stored.cause, say)
            if isinstance(current.plan.effect, Nothing):
                return Published(current.plan, current.plan.base_snapshot)
    raise MainMoved(
        f"{dataset}: main moved {REDOS} times while sessions ran; see who else publishes, then run it again"
    )


@translate_errors
def commit(context: Context, dataset: str, session: str, say: Say = print) -> Committed:
    """Close a published session in `ops`. Raises RequestRefused where the session is not published."""
    stored = find_plan(context, session)
    known = stored if stored is not None and stored.dataset == dataset else None
    published = find_published(context, known) if known else None
    closed = _closed_by_another(context, known) if known and published is None else None
    if closed is not None:
        say(f"{dataset}: session {session} was closed by another run")
        return closed
    if published is None:
        raise RequestRefused(f"{dataset}: session {session[:60]!r} is not published; run write_audit_publish first")
    committed = commit_step(context, published)
    say(f"{dataset}: session {session} is closed")
    return committed


@translate_errors
def run(context: Context, dataset: str, cause: Cause = NEWS, say: Say = print) -> Committed:
    """One whole session in this process."""
    planned = init(context, dataset, cause, say)
    if isinstance(planned.plan.effect, Nothing):
        return Committed(planned.plan, planned.plan.previous)
    published = write_audit_publish(context, dataset, planned.plan.session, say=say)
    if isinstance(published.plan.effect, Nothing):
        return Committed(published.plan, watermark_of(context.lake.table(dataset)))
    return commit(context, dataset, published.plan.session, say)


def _closed_by_another(context: Context, plan: Plan) -> Committed | None:
    """A session that left main's watermark since, because others came after it, but stands closed in `ops`."""
    closed = ops.rows(context.lake, "ops.high_watermarks", ops.of_session(plan.session), ("current",))
    return Committed(plan, Watermark.from_json(closed[0]["current"])) if closed else None


def dependency_order(specs: dict[str, DatasetSpec]) -> list[str]:
    """All datasets, inputs before their readers; by name where the order is free.

    Quarantines come first, then the other sources: what could not be read is on record before anything refuses.
    """
    done: list[str] = []
    quarantines = {spec.landing.quarantine for spec in specs.values() if spec.landing}

    def visit(name: str) -> None:
        if name in done:
            return
        for window in specs[name].inputs.values():
            if window.dataset != name:
                visit(window.dataset)
        done.append(name)

    for name in sorted(specs, key=lambda name: (name not in quarantines, specs[name].mode != "source", name)):
        visit(name)
    return done


def _planned_by_todays_logic(context: Context, planned: Planned, say: Say) -> Planned:
    """The plan, or a new one where spec, code or parameters were mended since and nothing is published yet."""
    plan = planned.plan
    now = fingerprint(context.spec(plan.dataset), context.settings.values)
    if plan.fingerprint == now or find_published(context, plan) is not None:
        return planned
    say(f"{plan.dataset}: the logic changed since session {plan.session} was planned; it starts again from init")
    return init(context, plan.dataset, plan.cause, say)


def _carry_out(context: Context, planned: Planned, attempt: str, say: Say) -> Published:
    plan = planned.plan
    done = find_published(context, plan) if plan.session else None
    if done is not None:
        say(f"{plan.dataset}: session {plan.session} is on main already, nothing is done again")
        return done
    if isinstance(plan.effect, Nothing):
        return Published(plan, plan.base_snapshot)
    # Fail early: the inputs may have expired and the write would be wasted.
    check_as_planned(context.lake.table(plan.dataset), plan)
    if not stages_rows(plan.effect):
        return touch(context, planned)
    if context.spec(plan.dataset).expectations:
        threading.Thread(target=_import_audit_library, daemon=True).start()
    try:
        return _stage_and_publish(context, planned, attempt, say)
    except (AuditFailed, MainMoved):
        raise
    except Exception as error:  # a twin that removed our branch shows as any error of the engine; main decides
        return _published_by_another(context, plan, error, say)


def _published_by_another(context: Context, plan: Plan, error: Exception, say: Say) -> Published:
    """Another run of this very session that was faster took our branch away when it closed it. Else the error."""
    done = find_published(context, plan)
    if done is None:
        raise error
    say(f"{plan.dataset}: session {plan.session} was published by another run; this one ended with: {error}")
    return done


def _stage_and_publish(context: Context, planned: Planned, attempt: str, say: Say) -> Published:
    from tidemark.steps.audit import audit
    from tidemark.steps.write import write

    with engine_loss(planned.plan.dataset, planned.plan.session):
        staged = write(context, planned, attempt)
    say(f"staged {staged.rows_written} rows, {staged.rows_clipped} clipped, on branch {staged.branch}")
    audited = audit(context, staged)
    for warning in audited.report.warnings:
        say(f"{WARNING}{warning.describe()}; report: {audited.report.site}")
    if audited.report.page_fault:
        say(f"{WARNING}{audited.report.page_fault}")
    say(f"audit passed: {len(audited.report.checks) - len(audited.report.warnings)} checks")
    published = publish(context, audited)
    say(f"published snapshot {published.snapshot_id}")
    return published


def _import_audit_library() -> None:
    """Importing it takes seconds: it goes on beside the Spark write."""
    from tidemark.audit import preload

    preload()


def _fresh_attempt() -> str:
    return uuid.uuid4().hex[:8]
