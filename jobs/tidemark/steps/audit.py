"""audit: check the staged snapshot by its id, restricted to what the session changed."""

from __future__ import annotations

from dataclasses import replace

from tidemark.audit import Report, audit_staged, rows_for_ops
from tidemark.catalog import ops
from tidemark.catalog.filters import both, equals
from tidemark.catalog.properties import property_of
from tidemark.engine.session import connect
from tidemark.modes import mode_of
from tidemark.settings.addresses import report_address
from tidemark.stages import Audited, Staged, approve
from tidemark.state.effect import AppendFiles, AppendRows, cleared_ranges
from tidemark.state.plan import InputPlan, Plan
from tidemark.steps.context import Context

VERDICT = ("check", "kind", "severity", "expected", "passed")
"""The columns that identify a verdict in `ops.audit_results`: what the check is, and whether it passed."""


def audit(context: Context, staged: Staged) -> Audited:
    """Audit and approve a staged snapshot, and record every check in `ops.audit_results`.

    A verdict that is already on record for this session and snapshot is not recorded again. If the verdict differs,
    for example because a later release checks more, it is recorded as well.

    Raises AuditFailed if the rows did not pass, AuditError if the audit could not be carried out.
    """
    report = _report(context, staged)
    recorded = both(ops.of_session(report.session), equals("snapshot_id", report.snapshot_id))
    ops.append_missing(context.lake, "ops.audit_results", rows_for_ops(report, context.clock), VERDICT, recorded)
    return approve(staged, report)


def _rows_due(context: Context, plan: Plan) -> bool:
    """Return whether the audit has to fail if it finds no rows: each added input row has to give rows."""
    if not isinstance(plan.effect, AppendRows) or not mode_of(context.spec(plan.dataset)).row_for_row:
        return False
    return all(_surely_gives_rows(context, read) for read in plan.inputs.values())


def _surely_gives_rows(context: Context, read: InputPlan) -> bool:
    """Return whether metadata alone shows that an input has rows for this session.

    In a first read, delete files may remove all rows, which only reading would show.
    """
    if read.from_snapshot is not None:
        return True
    snapshot = context.lake.table(read.dataset).snapshot_by_id(read.read_snapshot)
    return snapshot is not None and property_of(snapshot, "total-delete-files") == "0"


def _report(context: Context, staged: Staged) -> Report:
    plan = staged.plan
    report = audit_staged(
        spec=context.spec(plan.dataset),
        table=context.lake.table(plan.dataset),
        staged_snapshot_id=staged.snapshot_id,
        base_snapshot_id=plan.base_snapshot,
        ranges=cleared_ranges(plan.effect),
        appended_only=isinstance(plan.effect, AppendFiles | AppendRows),
        expected_rows=staged.rows_written,
        rows_clipped=staged.rows_clipped,
        rows_due=_rows_due(context, plan),
        spark=connect(context.settings),
        reports=context.settings.reports,
        session=plan.session,
        clock=context.clock,
    )
    return replace(report, address=report_address(context.settings, report.site)) if report.site else report
