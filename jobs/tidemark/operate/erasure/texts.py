"""Texts of the `ops` tables that were made from records, and so may quote a person."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any, Final

from pyiceberg.expressions import BooleanExpression

from tidemark.catalog import Lake, ops
from tidemark.catalog.filters import all_of, any_of, is_value
from tidemark.operate.erasure.account import Texts
from tidemark.operate.erasure.person import Person

COLUMNS: Final[Mapping[str, tuple[str, ...]]] = {
    "ops.alerts": ("what",),
    "ops.audit_results": ("examples", "failing_rows"),
    "ops.record_accounts": ("counts",),
}
"""The columns that `catalog/ops_tables.py` calls unescaped data. They may be null in any row."""


def quoting_texts(lake: Lake, person: Person) -> tuple[Texts, ...]:
    """Return the number of rows with a text that quotes the person, for each table that has such rows."""
    counted = ((name, sum(_quotes(row, columns, person) for row in ops.rows(lake, name, columns=columns)))
               for name, columns in COLUMNS.items())  # fmt: skip
    return tuple(Texts(name, number) for name, number in counted if number)


def clear_texts(lake: Lake, person: Person) -> tuple[Texts, ...]:
    """Set the texts that quote the person to null, together with the other texts of their rows."""
    cleared = ((name, _clear(lake, name, columns, person)) for name, columns in COLUMNS.items())
    return tuple(Texts(name, number) for name, number in cleared if number)


def _clear(lake: Lake, name: str, columns: tuple[str, ...], person: Person) -> int:
    where = _rows_that_quote(lake, name, columns, person)
    if where is None:
        ops.expire_history(lake, name)  # an earlier erasure may have ended before it did so
        return 0
    return ops.replace_rows(lake, name, where, lambda row: {**row, **dict.fromkeys(columns)})


def _rows_that_quote(lake: Lake, name: str, columns: tuple[str, ...], person: Person) -> BooleanExpression | None:
    """Return the condition for the rows with a text that quotes the person; None if there is none."""
    rows = ops.rows(lake, name, columns=columns)
    quoting = dict.fromkeys(tuple(row[column] for column in columns) for row in rows if _quotes(row, columns, person))
    wanted = (zip(columns, texts, strict=True) for texts in quoting)
    return any_of(all_of(is_value(*each) for each in pairs) for pairs in wanted) if quoting else None


def _quotes(row: Mapping[str, Any], columns: tuple[str, ...], person: Person) -> bool:
    return person.is_quoted(row[column] for column in columns)
