"""What a spec expects of a session's rows, in one shape for whoever carries it out.

rows where CONDITION   share of rows for which the condition is true   0 .. at_most
row count              number of rows                                  min .. max
mean of COLUMN         mean of the values that are not null            min .. max
distinct COLUMN        number of different values that are not null    min .. max
"""

from __future__ import annotations

from dataclasses import dataclass

from tidemark.spec.model import DatasetSpec, Expectation, ExpectationKind, Severity


@dataclass(frozen=True)
class Check:
    """One measure of the rows and the bounds it must keep, both inclusive; None is unbounded.

    `name` is the expectation as the spec words it. `condition` is SQL (rows_where), `column` the measured
    column (mean, distinct).
    """

    name: str
    measure: ExpectationKind
    least: float | None
    most: float | None
    severity: Severity
    because: str
    condition: str | None = None
    column: str | None = None


def to_expectations(spec: DatasetSpec) -> tuple[Check, ...]:
    """The spec's own expectations in their order; what its columns demand is not among them."""
    return tuple(_check(expectation) for expectation in spec.expectations)


def _check(expectation: Expectation) -> Check:
    share = expectation.kind == "rows_where"
    return Check(
        name=word(expectation),
        measure=expectation.kind,
        least=0 if share else expectation.min,
        most=(expectation.at_most or 0) if share else expectation.max,
        severity=expectation.severity,
        because=expectation.because,
        condition=expectation.condition,
        column=expectation.column,
    )


def word(expectation: Expectation) -> str:
    """The expectation in the words of the spec."""
    match expectation.kind:
        case "rows_where":
            return f"rows where {expectation.condition}"
        case "row_count":
            return "row count"
        case "mean":
            return f"mean of {expectation.column}"
        case "distinct":
            return f"distinct {expectation.column}"
