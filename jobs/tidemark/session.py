"""One pass of one dataset: the three calls that a scheduler makes, and `run`, which makes them all.

    init -> write_audit_publish -> commit

Each call opens what it needs, so the three can run in separate processes.
"""

from __future__ import annotations

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
from tidemark.state.cause import NEWS, Adoption, Cause, Declaration
from tidemark.state.effect import Nothing, stages_rows
from tidemark.state.plan import Plan
from tidemark.state.watermark import Watermark
from tidemark.steps import init as init_step
from tidemark.steps.commit import commit as commit_step
from tidemark.steps.context import Context, find_spec
from tidemark.steps.plan_store import find_plan
from tidemark.steps.publish import find_published, publish, touch
from tidemark.support.error_translation import translate_errors, translating_errors
from tidemark.support.text import count

MAX_TRIES = 5
"""How many times a session is carried out, the first time included, if other sessions keep publishing first."""

WARNING = "warning: "
"""The prefix of a log line that somebody should look at, although the session goes on."""

Say = Callable[[str], None]


def open_context(
    settings: Settings, clock: datetime, dataset: str | None = None, opening: Callable[[Settings], Lake] = open_lake
) -> Context:
    """Load all specs and open the lake. `clock` is the instant of the run; no decision about rows reads the time.

    `opening` opens the lake; the default creates the lake if there is none. Before the lake is opened, raises
    SpecError if a spec names a transform that does not exist, and RequestRefused if `dataset` is unknown.
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
    """Return what the next session would do; write no row and store no plan."""
    spec = context.spec(dataset)
    init_step.check_request(context, spec, cause)
    return init_step.plan_session(context, spec, context.lake.ensure_table(spec), cause)


@translate_errors
def init(context: Context, dataset: str, cause: Cause = NEWS, say: Say = print) -> Planned:
    """Decide what the session does, store the plan, and print it."""
    planned = init_step.init(context, dataset, cause)
    say(explain(planned.plan))
    return planned


@translate_errors
def write_audit_publish(
    context: Context, dataset: str, session: str, attempt: str | None = None, say: Say = print
) -> Published:
    """Carry out a stored plan up to its publication; start again from init if main moved meanwhile.

    `attempt` names the branch of the first try (default: a new name). If the session had to be planned again, the
    published session has another id than `session`. Raises RequestRefused if no such plan is stored, and MainMoved
    after MAX_TRIES tries. Other errors of write, audit and publish pass through.
    """
    stored = find_plan(context, session)
    if stored is None or stored.dataset != dataset:
        raise RequestRefused(f"{dataset}: no plan of session {session[:60]!r} in ops.sessions; run init again")
    current = _replan_if_outdated(context, Planned(stored), say)
    for tries in range(MAX_TRIES):
        try:
            return _carry_out(context, current, attempt if tries == 0 and attempt else _new_attempt_name(), say)
        except MainMoved as moved:
            if isinstance(stored.cause, Adoption | Declaration):
                raise  # the person decided by what the table held then
            say(f"{moved}; the session starts again from init")
            current = init(context, dataset, stored.cause, say)
            if isinstance(current.plan.effect, Nothing):
                return Published(current.plan, current.plan.base_snapshot)
    raise MainMoved(
        f"{dataset}: main moved {MAX_TRIES} times while sessions ran; find out who else publishes, then run it again"
    )


@translate_errors
def commit(context: Context, dataset: str, session: str, say: Say = print) -> Committed:
    """Close a published session in `ops`. Raises RequestRefused if the session is not published."""
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
    """Run one whole session in this process."""
    planned = init(context, dataset, cause, say)
    if isinstance(planned.plan.effect, Nothing):
        return Committed(planned.plan, planned.plan.previous)
    published = write_audit_publish(context, dataset, planned.plan.session, say=say)
    if isinstance(published.plan.effect, Nothing):
        return Committed(published.plan, watermark_of(context.lake.table(dataset)))
    return commit(context, dataset, published.plan.session, say)


def _closed_by_another(context: Context, plan: Plan) -> Committed | None:
    """Return the session as committed if `ops` records it as closed, None otherwise.

    The target's watermark does not show such a session any more if later sessions have published since.
    """
    closed = ops.rows(context.lake, "ops.high_watermarks", ops.of_session(plan.session), ("current",))
    return Committed(plan, Watermark.from_json(closed[0]["current"])) if closed else None


def dependency_order(specs: dict[str, DatasetSpec]) -> list[str]:
    """Return all datasets, inputs before their readers, and by name where the order is free.

    Quarantines come first, then the other sources. So unreadable records are on record before any later dataset
    fails.
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


def _replan_if_outdated(context: Context, planned: Planned, say: Say) -> Planned:
    """Return the plan, or a new one if spec, code or parameters changed since and nothing is published yet."""
    plan = planned.plan
    now = fingerprint(context.spec(plan.dataset), context.settings.values)
    by_hand = isinstance(plan.cause, Adoption | Declaration)  # such a plan says itself what the watermark becomes
    if plan.fingerprint == now or by_hand or find_published(context, plan) is not None:
        return planned
    say(
        f"{plan.dataset}: spec, code or parameters changed since session {plan.session} was planned; "
        "it starts again from init"
    )
    return init(context, plan.dataset, plan.cause, say)


def _carry_out(context: Context, planned: Planned, attempt: str, say: Say) -> Published:
    plan = planned.plan
    done = find_published(context, plan) if plan.session else None
    if done is not None:
        say(f"{plan.dataset}: session {plan.session} is already on main; nothing is done again")
        return done
    if isinstance(plan.effect, Nothing):
        return Published(plan, plan.base_snapshot)
    # Fail early: if main has moved, the plan cannot be published and the write would be wasted.
    check_as_planned(context.lake.table(plan.dataset), plan)
    if not stages_rows(plan.effect):
        return touch(context, planned)
    try:
        return _stage_and_publish(context, planned, attempt, say)
    except (AuditFailed, MainMoved):
        raise
    except Exception as error:  # any error may mean that another run of this session removed our branch: look at main
        return _published_by_another_run(context, plan, error, say)


def _published_by_another_run(context: Context, plan: Plan, error: Exception, say: Say) -> Published:
    """Return the publication by another run of the same session, or raise `error` if there is none.

    A faster run removes all branches of the session when it closes it, so that this run's write or audit fails.
    """
    done = find_published(context, plan)
    if done is None:
        raise error
    say(f"{plan.dataset}: session {plan.session} was published by another run; this one ended with: {error}")
    return done


def _stage_and_publish(context: Context, planned: Planned, attempt: str, say: Say) -> Published:
    from tidemark.audit import preloading
    from tidemark.steps.account import give_account
    from tidemark.steps.audit import audit
    from tidemark.steps.unchanged import leave_out_unchanged
    from tidemark.steps.write import write

    with engine_loss(planned.plan.dataset, planned.plan.session), preloading() as import_audit_library:
        checks = context.spec(planned.plan.dataset).expectations
        staged = write(context, planned, attempt, import_audit_library if checks else None)
    clipped = f", {staged.rows_clipped:,} clipped" if staged.rows_clipped else ""
    say(f"staged {count(staged.rows_written, 'row')}{clipped}, on branch {staged.branch}")
    audited = audit(context, staged)
    for warning in audited.report.warnings:
        say(f"{WARNING}{warning.describe()}; report: {audited.report.place}")
    if audited.report.page_fault:
        say(f"{WARNING}{audited.report.page_fault}")
    say(f"audit passed: {count(len(audited.report.checks) - len(audited.report.warnings), 'check')}")
    give_account(context, staged, say)
    published = publish(context, leave_out_unchanged(context, audited, say))
    say(f"published snapshot {published.snapshot_id}")
    return published


def _new_attempt_name() -> str:
    return uuid.uuid4().hex[:8]
