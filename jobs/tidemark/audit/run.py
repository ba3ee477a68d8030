"""Run the audit: first metadata, then rows and expectations in parallel, then the page."""

from __future__ import annotations

import contextlib
from collections.abc import Callable, Sequence
from dataclasses import dataclass, replace
from datetime import datetime, timedelta
from pathlib import Path
from typing import TYPE_CHECKING

from tidemark.audit import floor, gx
from tidemark.audit.background import Deadline, Task
from tidemark.audit.files import staged_files
from tidemark.audit.grain import GrainFindings, check_grain, find_repeats
from tidemark.audit.report import CheckResult, Report
from tidemark.audit.rows import ChangedRows
from tidemark.audit.rules import Rule, rules_of
from tidemark.audit.site import write_pages
from tidemark.errors import AuditError, TidemarkError
from tidemark.spec import DatasetSpec, Expectation
from tidemark.spec.parse.conditions import columns_of
from tidemark.state.ranges import Ranges
from tidemark.support.text import count, cut

if TYPE_CHECKING:
    from pyiceberg.table import Table
    from pyspark.sql import SparkSession

LIMIT = timedelta(hours=1)
"""The time limit of an audit: a hundred times as long as the audit of the largest session took."""


@dataclass(frozen=True)
class Findings:
    """Results of checks. `library_page` renders the page of Great Expectations, None if the library did not run."""

    checks: tuple[CheckResult, ...]
    library_page: Callable[[], str] | None = None


def audit_staged(
    *,
    spec: DatasetSpec,
    table: Table,
    staged_snapshot_id: int,
    base_snapshot_id: int,
    ranges: Ranges | None,
    appended_only: bool,
    expected_rows: int,
    rows_clipped: int,
    rows_due: bool,
    spark: SparkSession,
    reports: Path,
    session: str,
    clock: datetime,
    limit: timedelta = LIMIT,
) -> Report:
    """Check what a staged snapshot changed, and write a page with the results below `reports`.

    `ranges` are the event times that the session replaced. They are None if the session added rows (`appended_only`)
    or replaced the whole table. `expected_rows` is the number that the writer reported. If `rows_due` is set, zero
    rows are a failure.

    Raises AuditError if the audit cannot be completed, or not within `limit`; then nothing is known about the rows. If
    the page cannot be written, the verdict does not change and the report contains the reason.
    """
    deadline = Deadline(limit)
    try:
        files = staged_files(table, staged_snapshot_id, base_snapshot_id)
        changed = ChangedRows(spark, spec, staged_snapshot_id, base_snapshot_id, ranges or None, appended_only, files)
        found = _checks(changed, expected_rows, rows_due, session, deadline)
        checks = (*found.checks, floor.check_clipped(rows_clipped))
        report = _report(spec, session, staged_snapshot_id, checks, files.rows)
    except TidemarkError:
        _interrupt(spark)
        raise
    except Exception as error:
        _interrupt(spark)
        raise AuditError(
            f"{spec.dataset}, session {session}: the audit could not be completed, and nothing was published: "
            f"{type(error).__name__}: {cut(str(error), 400)}; "
            f'remove the cause, then clear "write_audit_publish" in this run'
        ) from error
    return write_pages(report, clock, reports, found.library_page)


def _interrupt(spark: SparkSession) -> None:
    """Stop Spark jobs that still run for a failed audit."""
    with contextlib.suppress(Exception):
        spark.interruptAll()


def _report(spec: DatasetSpec, session: str, snapshot_id: int, checks: tuple[CheckResult, ...], rows: int) -> Report:
    report = Report(spec.dataset, session, snapshot_id, checks, rows)
    if spec.transform is None:  # A plan names its files, so corrected files need a new plan.
        return replace(report, to_fix="the landed files", task_to_clear="init")
    transform = f"jobs/{spec.transform.split(':')[0].replace('.', '/')}.py"
    return replace(report, to_fix=f"{transform}, its inputs, or the check in {spec.path.name}")


def _checks(changed: ChangedRows, expected_rows: int, rows_due: bool, session: str, deadline: Deadline) -> Findings:
    """Run all checks. Rows are read only if the columns are those of the spec, because rules refer to its columns."""
    schema = floor.check_schema(changed.spec, changed.files)
    checks = (schema, *_file_checks(changed, expected_rows, rows_due))
    if not schema.passed:
        return Findings(checks)
    found = _row_checks(changed, session, deadline)
    return replace(found, checks=(*checks, *found.checks))


def _file_checks(changed: ChangedRows, expected_rows: int, rows_due: bool) -> list[CheckResult]:
    """Run the checks that need only metadata."""
    spec, files = changed.spec, changed.files
    checks = floor.check_rows(files, expected_rows, rows_due)
    if changed.appended_only:
        checks.append(floor.check_only_added(files))
    if spec.event_time is not None:
        checks.append(floor.check_bounds(spec.event_time, files))
        if changed.ranges and not changed.appended_only:
            checks.append(floor.check_removed(spec.event_time, files, changed.ranges))
    return checks


def _row_checks(changed: ChangedRows, session: str, deadline: Deadline) -> Findings:
    """Check grain, rules and expectations in parallel. They use different resources, so this saves time."""
    expectations = Task(lambda: _expectation_checks(changed, session))
    grain = Task(lambda: find_repeats(changed))
    rules = Task(lambda: _rule_checks(changed))
    rule_checks = rules.result(deadline)
    found = grain.result(deadline)
    counted = _read_back(changed, found, rule_checks)
    checks = (counted, check_grain(changed.spec.grain, found), *(check for _, check in rule_checks))
    expected = expectations.result(deadline)
    return replace(expected, checks=(*checks, *expected.checks))


def _rule_checks(changed: ChangedRows) -> list[tuple[Rule, CheckResult]]:
    """Check the rules. Violations of rules that metadata does not prove are counted in one pass over the rows."""
    rules = rules_of(changed.spec, changed.ranges)
    verdicts = {rule: floor.judge(rule, changed.files) for rule in rules}
    counts = changed.count([rule for rule in rules if not verdicts[rule].passed])
    return [(rule, _rule_check(changed, rule, verdicts[rule], counts.get(rule))) for rule in rules]


def _rule_check(changed: ChangedRows, rule: Rule, verdict: floor.Verdict, counted: int | None) -> CheckResult:
    unexpected = verdict.unexpected if counted is None else max(counted, verdict.unexpected or 0)
    passed = verdict.passed if verdict.passed is not None else counted == 0
    observed = verdict.observed or f"{counted} rows break it"
    return CheckResult(
        check=rule.check,
        kind="floor",
        severity="fail",
        passed=passed,
        observed=observed,
        expected=rule.expected,
        unexpected_rows=0 if passed else unexpected,
        failing=() if passed else changed.show(rule),
        because=rule.because,
        measure=verdict.measure,
    )


def _read_back(changed: ChangedRows, found: GrainFindings, rules: Sequence[tuple[Rule, CheckResult]]) -> CheckResult:
    """Check that reading returns exactly the rows of the added files.

    Rows outside the ranges are not read here. They are subtracted, because a rule has already reported them.
    """
    ranged = not changed.appended_only and changed.ranges is not None
    beyond = sum(check.unexpected_rows or 0 for rule, check in rules if ranged and rule.beyond_ranges)
    expected = changed.files.rows - beyond
    return CheckResult(
        check="rows read back",
        kind="floor",
        severity="fail",
        passed=found.rows == expected,
        observed=count(found.rows, "row"),
        expected=count(expected, "row"),
        because="readers must see exactly what the session wrote, without older rows beside it",
    )


def _expectation_checks(changed: ChangedRows, session: str) -> Findings:
    """Run the spec's expectations. If there are no rows, only expectations on the row count are run."""
    spec = changed.spec
    applicable = [e for e in spec.expectations if changed.files.rows or e.kind == "row_count"]
    if not applicable:
        return Findings(tuple(gx.without_rows(e) for e in spec.expectations))
    outcome = gx.run_expectations(changed.frame(), applicable, spec.dataset, session)
    found = dict(zip(applicable, outcome.checks, strict=True))
    checks = (_with_examples(changed, e, found[e]) if e in found else gx.without_rows(e) for e in spec.expectations)
    return Findings(tuple(checks), outcome.page)


def _with_examples(changed: ChangedRows, expectation: Expectation, check: CheckResult) -> CheckResult:
    from pyspark.sql import functions as F

    if check.passed or expectation.condition is None:
        return check
    columns = columns_of(expectation.condition, changed.spec.columns)
    failing = changed.show_where(changed.frame(), F.expr(expectation.condition), columns, expectation.shows)
    return replace(check, failing=failing)
