"""How an expectation is called, in the words of its spec. Its form for the audit library is in tidemark.audit.gx."""

from __future__ import annotations

from tidemark.spec.model import Expectation


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
