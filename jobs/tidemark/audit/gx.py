"""The only door to Great Expectations: a spec's expectations, run over the changed rows.

The library takes seconds to import, so it is imported inside functions; `preload` does it early.
"""

from __future__ import annotations

import contextlib
import html
import os
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

from tidemark.audit.report import CheckResult, bounds_text, cut
from tidemark.errors import AuditError
from tidemark.spec import Expectation
from tidemark.spec.render.expectations import expectation_text

if TYPE_CHECKING:
    from pyspark.sql import DataFrame

RESULT_FORMAT = {"result_format": "BASIC", "partial_unexpected_count": 0}
"""Counts without values: the same jobs as BOOLEAN_ONLY, and the numbers that a page needs."""


@dataclass(frozen=True)
class Outcome:
    """Results in the order of the expectations; `page` renders the library's own page of them, as HTML."""

    checks: tuple[CheckResult, ...]
    page: Callable[[], str]


def preload() -> None:
    """Import the library ahead of need, in a thread of the caller's. What goes wrong is told by the audit."""
    with contextlib.suppress(AuditError):
        _library()


def _library() -> tuple[Any, Any]:
    """The library and its expectations. Raises AuditError where it cannot start."""
    os.environ.setdefault("GX_ANALYTICS_ENABLED", "false")
    try:
        import great_expectations as library
        import great_expectations.expectations as expectations
    except Exception as error:
        raise AuditError(
            f"the audit library cannot start: {cut(str(error), 300)}; nothing was published; "
            f"repair the environment: make setup"
        ) from error
    return library, expectations


def run_expectations(rows: DataFrame, expectations: Sequence[Expectation], dataset: str, session: str) -> Outcome:
    """Judge the rows by the expectations. Raises AuditError where the library errs on one of them."""
    library, types = _library()
    context = library.get_context(mode="ephemeral")
    context.variables.progress_bars = {"globally": False}
    source = context.data_sources.add_spark(dataset, persist=False)
    whole = source.add_dataframe_asset(dataset).add_batch_definition_whole_dataframe(f"session {session}")
    suite = library.ExpectationSuite(
        name=dataset, expectations=[_to_gx(types, e, i) for i, e in enumerate(expectations)]
    )
    batch = whole.get_batch({"dataframe": _frame(rows, expectations)})
    validation = batch.validate(suite, result_format=RESULT_FORMAT)
    validation.meta["run_id"] = {"run_name": f"session {session}", "run_time": ""}
    found = {result.expectation_config.meta["number"]: result for result in validation.results}
    if sorted(found) != list(range(len(expectations))):
        raise AuditError(
            f"{dataset}, session {session}: the audit library answered {len(found)} of {len(expectations)} checks"
        )
    checks = tuple(_check(e, found[i], dataset, session) for i, e in enumerate(expectations))
    return Outcome(checks, lambda: _render(validation))


def _frame(rows: DataFrame, expectations: Sequence[Expectation]) -> DataFrame:
    """The columns in question, each condition on rows as a boolean column that is never null."""
    from pyspark.sql import functions as F

    columns = [F.col(name) for name in dict.fromkeys(e.column for e in expectations if e.column)]
    conditions = [
        F.coalesce(F.expr(e.condition), F.lit(False)).alias(_condition_name(i))
        for i, e in enumerate(expectations)
        if e.condition
    ]
    shown = [*columns, *conditions]
    return rows.select(*shown) if shown else rows.select(F.lit(True).alias("row"))


def _condition_name(number: int) -> str:
    return f"condition {number + 1}"


def _to_gx(types: Any, expectation: Expectation, number: int) -> Any:
    """The library's form of an expectation.

    rows_where -> a boolean column in {false}, mostly; row_count, mean, distinct -> the form of that name.
    """
    shared = {
        "meta": {"number": number},
        "severity": "critical" if expectation.severity == "fail" else "warning",
        "description": html.escape(
            f"{expectation_text(expectation)}: {expected_of(expectation)} ({expectation.because})"
        ),
    }
    bounds = {"min_value": expectation.min, "max_value": expectation.max}
    match expectation.kind:
        case "rows_where":
            mostly = round(1 - (expectation.at_most or 0), 12)
            return types.ExpectColumnValuesToBeInSet(
                column=_condition_name(number), value_set=[False], mostly=mostly, **shared
            )
        case "row_count":
            whole = {key: None if value is None else int(value) for key, value in bounds.items()}
            return types.ExpectTableRowCountToBeBetween(**whole, **shared)
        case "mean":
            return types.ExpectColumnMeanToBeBetween(column=expectation.column, **bounds, **shared)
        case "distinct":
            return types.ExpectColumnUniqueValueCountToBeBetween(column=expectation.column, **bounds, **shared)


def expected_of(expectation: Expectation) -> str:
    """What the spec demands of it."""
    if expectation.kind == "rows_where":
        return f"at most {_percent(expectation.at_most or 0)} of rows"
    return bounds_text(_number(expectation.min), _number(expectation.max))


def without_rows(expectation: Expectation) -> CheckResult:
    """The result where no row changed and the expectation is about rows: there is nothing to find against."""
    return _result(expectation, True, "no rows", None)


def _check(expectation: Expectation, result: Any, dataset: str, session: str) -> CheckResult:
    raised = _exception(result.exception_info)
    if raised:
        raise AuditError(
            f"{dataset}, session {session}: the audit of {expectation_text(expectation)!r} erred: {cut(raised, 300)}; "
            f"nothing was published; correct the expectation in the spec"
        )
    details = result.result
    if expectation.kind == "rows_where":
        rows, bad = int(details["element_count"]), int(details["unexpected_count"])
        return _result(expectation, bool(result.success), f"{_percent(bad / rows)} ({bad} of {rows} rows)", bad)
    value = details.get("observed_value")
    return _result(expectation, bool(result.success), "no values" if value is None else str(_number(value)), None)


def _exception(info: Any) -> str:
    """What was raised; the library gives one record, or one for each of its metrics."""
    records = [info] if "raised_exception" in info else list(info.values())
    return next((str(r["exception_message"] or "unknown error") for r in records if r.get("raised_exception")), "")


def _result(expectation: Expectation, passed: bool, observed: str, unexpected: int | None) -> CheckResult:
    return CheckResult(
        check=expectation_text(expectation),
        kind="expectation",
        severity=expectation.severity,
        passed=passed,
        observed=observed,
        expected=expected_of(expectation),
        unexpected_rows=unexpected,
        because=expectation.because,
    )


def _percent(share: float) -> str:
    return f"{100 * share:.4g}%"


def _number(value: float | None) -> float | None:
    """A whole number without its decimals, another one to six digits."""
    if value is None:
        return None
    return int(value) if float(value).is_integer() else float(f"{value:.6g}")


def _render(validation: Any) -> str:
    """The library's own Data Docs page of one validation; building its whole site would read all older runs."""
    from great_expectations.render.renderer import ValidationResultsPageRenderer
    from great_expectations.render.view import DefaultJinjaPageView

    document = ValidationResultsPageRenderer(run_info_at_end=True).render(validation)
    return str(DefaultJinjaPageView().render(document))
