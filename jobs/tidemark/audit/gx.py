"""Run a spec's expectations on the changed rows. This module is the only door to Great Expectations.

The library takes seconds to import, so it is imported inside functions. `preload` and `preloading` import it early.
"""

from __future__ import annotations

import contextlib
import html
import logging
import os
import threading
from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass
from functools import cache
from typing import TYPE_CHECKING, Any

from tidemark.audit.findings import Measure, measure_of
from tidemark.audit.report import CheckResult, bounds_text
from tidemark.errors import AuditError
from tidemark.spec import Expectation
from tidemark.spec.render.expectations import expectation_text
from tidemark.support.text import cut

if TYPE_CHECKING:
    from pyspark.sql import DataFrame

RESULT_FORMAT = {"result_format": "BASIC", "partial_unexpected_count": 0}
"""Counts without values. This runs the same Spark jobs as BOOLEAN_ONLY and returns the numbers for the page."""


@dataclass(frozen=True)
class Outcome:
    """Results in the order of the expectations. `page` renders the library's own page of them, as HTML."""

    checks: tuple[CheckResult, ...]
    page: Callable[[], str]


def preload() -> None:
    """Import the library before it is needed. Raises nothing: if the import fails, the audit will report it."""
    with contextlib.suppress(AuditError):
        _library()


@contextlib.contextmanager
def preloading() -> Iterator[Callable[[], None]]:
    """Yield a function that starts to import the library in the background. At the end, wait until it is imported.

    Call it only while this thread imports nothing: two threads that import modules which need each other block each
    other. A process that ends while a thread imports may hang.
    """
    thread = threading.Thread(target=preload, daemon=True)
    try:
        yield thread.start
    finally:
        if thread.is_alive():
            thread.join()


def _library() -> tuple[Any, Any]:
    """Return the library and its module of expectations. Raises AuditError if it cannot be imported."""
    os.environ.setdefault("GX_ANALYTICS_ENABLED", "false")
    _quieten()
    try:
        import great_expectations as library
        import great_expectations.expectations as expectations
    except Exception as error:
        raise AuditError(
            f"Great Expectations cannot start, and nothing was published: {cut(str(error), 300)}; "
            f"repair the environment with make setup, then run the session again"
        ) from error
    logging.getLogger("great_expectations.data_context.types.base").setLevel(logging.NOTSET)  # it sets INFO itself
    return library, expectations


def _quieten() -> None:
    """Keep the library's remarks on its own set-up out of task logs, unless somebody has set the level of its logger.

    In Airflow that is the setting `[logging] namespace_levels`.
    """
    logger = logging.getLogger("great_expectations")
    if logger.level == logging.NOTSET:
        logger.setLevel(logging.WARNING)


def run_expectations(rows: DataFrame, expectations: Sequence[Expectation], dataset: str, session: str) -> Outcome:
    """Check the rows by the expectations. Raises AuditError if the library cannot evaluate one of them."""
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
            f"{dataset}, session {session}: Great Expectations returned {len(found)} of {len(expectations)} results, "
            f"and nothing was published; run the session again"
        )
    checks = tuple(_check(e, found[i], dataset, session) for i, e in enumerate(expectations))
    return Outcome(checks, lambda: _render(validation))


def _frame(rows: DataFrame, expectations: Sequence[Expectation]) -> DataFrame:
    """Return the columns that the expectations need. Each condition becomes a boolean column that is never null."""
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
    """Convert an expectation to the library's class.

    `rows_where` becomes "a boolean column is in {false}, mostly". `row_count`, `mean` and `distinct` have a class each.
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
    """Return the bounds of an expectation as text."""
    if expectation.kind == "rows_where":
        return f"at most {_percent(expectation.at_most or 0)} of rows"
    return bounds_text(_number(expectation.min), _number(expectation.max))


def without_rows(expectation: Expectation) -> CheckResult:
    """Return the result of an expectation on rows if no row has changed: it passes."""
    return _result(expectation, True, "no rows", None)


def _check(expectation: Expectation, result: Any, dataset: str, session: str) -> CheckResult:
    raised = _exception(result.exception_info)
    if raised:
        raise AuditError(
            f"{dataset}, session {session}: the expectation {expectation_text(expectation)!r} cannot be evaluated, and "
            f"nothing was published: {cut(raised, 300)}; correct the expectation in the spec"
        )
    details = result.result
    if expectation.kind == "rows_where":
        rows, bad = int(details["element_count"]), int(details["unexpected_count"])
        observed = f"{_percent(bad / rows)} ({bad} of {rows} rows)"
        share = measure_of(bad / rows, most=expectation.at_most or 0)
        return _result(expectation, bool(result.success), observed, bad, share)
    value = details.get("observed_value")
    observed = "no values" if value is None else str(_number(value))
    measure = measure_of(value, expectation.min, expectation.max)
    return _result(expectation, bool(result.success), observed, None, measure)


def _exception(info: Any) -> str:
    """Return the message of the exception in a result, empty if there is none.

    The library returns one record, or one for each of its metrics.
    """
    records = [info] if "raised_exception" in info else list(info.values())
    return next((str(r["exception_message"] or "unknown error") for r in records if r.get("raised_exception")), "")


def _result(
    expectation: Expectation, passed: bool, observed: str, unexpected: int | None, measure: Measure | None = None
) -> CheckResult:
    return CheckResult(
        check=expectation_text(expectation),
        kind="expectation",
        severity=expectation.severity,
        passed=passed,
        observed=observed,
        expected=expected_of(expectation),
        unexpected_rows=unexpected,
        because=expectation.because,
        measure=measure,
    )


def _percent(share: float) -> str:
    return f"{100 * share:.4g}%"


def _number(value: float | None) -> float | None:
    """Return a whole number as an int, and another number rounded to six digits."""
    if value is None:
        return None
    return int(value) if float(value).is_integer() else float(f"{value:.6g}")


def _render(validation: Any) -> str:
    """Return the library's Data Docs page of one validation. Building its whole site would read all older runs."""
    from great_expectations.render.renderer import ValidationResultsPageRenderer

    document = ValidationResultsPageRenderer(run_info_at_end=True).render(validation)
    return str(_view().render(document))


@cache
def _view() -> Any:
    """Return the library's view. It keeps the templates that it has compiled, which takes longer than a page."""
    from great_expectations.render.view import DefaultJinjaPageView

    return DefaultJinjaPageView()
