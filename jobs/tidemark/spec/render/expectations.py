"""The text of an expectation, as its spec writes it. `tidemark.audit.gx` renders it for Great Expectations."""

from __future__ import annotations

from tidemark.spec.model import Expectation


def expectation_text(expectation: Expectation) -> str:
    """Return the expectation as its spec writes it, for example `mean of clicks`."""
    match expectation.kind:
        case "rows_where":
            return f"rows where {expectation.condition}"
        case "row_count":
            return "row count"
        case "mean":
            return f"mean of {expectation.column}"
        case "distinct":
            return f"distinct {expectation.column}"
