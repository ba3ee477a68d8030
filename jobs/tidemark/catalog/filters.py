"""Conditions for scans, built from checked values and never from text.

PyIceberg's expression classes accept a column's name and a plain value, but their annotations do not allow it.
"""

from __future__ import annotations

import math
from collections.abc import Callable, Iterable
from datetime import date, datetime
from typing import Any

from pyiceberg.expressions import (
    AlwaysFalse,
    AlwaysTrue,
    And,
    BooleanExpression,
    EqualTo,
    GreaterThanOrEqual,
    In,
    IsNaN,
    IsNull,
    LessThan,
    Or,
)
from pyiceberg.table import Table
from pyiceberg.types import DateType

from tidemark.state.ranges import Ranges, Unit, ceil, floor


def equals(column: str, value: Any) -> BooleanExpression:
    """Match rows whose column has the value."""
    return EqualTo(column, value)  # type: ignore[call-arg, arg-type]


def between(column: str, start: Any, end: Any) -> BooleanExpression:
    """Match rows with `start <= column < end`."""
    low = GreaterThanOrEqual(column, start)  # type: ignore[call-arg, arg-type]
    return And(low, LessThan(column, end))  # type: ignore[call-arg, arg-type]


def at_least(column: str, value: Any) -> BooleanExpression:
    """Match rows with `column >= value`."""
    return GreaterThanOrEqual(column, value)  # type: ignore[call-arg, arg-type]


def is_value(column: str, value: Any) -> BooleanExpression:
    """Match rows whose column has the value of a row: null is equal to null, and times are instants or days."""
    if value is None:
        return IsNull(column)  # type: ignore[call-arg, arg-type]
    if isinstance(value, float) and math.isnan(value):
        return IsNaN(column)  # type: ignore[call-arg, arg-type]
    return equals(column, value.isoformat() if isinstance(value, date) else value)


def all_of(conditions: Iterable[BooleanExpression]) -> BooleanExpression:
    """Match rows that meet all of the conditions; without conditions, match every row."""
    return And(AlwaysTrue(), AlwaysTrue(), *conditions)


def any_of(conditions: Iterable[BooleanExpression]) -> BooleanExpression:
    """Match rows that meet any of the conditions; without conditions, match no row.

    PyIceberg joins the conditions as a balanced tree, so many of them do not nest deeply.
    """
    return Or(AlwaysFalse(), AlwaysFalse(), *conditions)


def in_ranges(table: Table, column: str, ranges: Ranges) -> BooleanExpression:
    """Match rows whose column lies in the ranges. For a date column, every day that a range overlaps counts in full."""
    is_date = isinstance(table.schema().find_field(column).field_type, DateType)
    return any_of(between(column, _literal(i.start, is_date), _literal(i.end, is_date, ceil)) for i in ranges)


def _literal(instant: datetime, is_date: bool, rounded: Callable[[datetime, Unit], datetime] = floor) -> str:
    """Return an instant as a literal for the column. For a date column, it is rounded to a day."""
    return rounded(instant, "day").date().isoformat() if is_date else instant.isoformat()


def both(one: BooleanExpression, other: BooleanExpression) -> BooleanExpression:
    """Match rows that meet both conditions."""
    return And(one, other)


def since_instant(column: str, start: datetime) -> BooleanExpression:
    """Match rows with `column >= start`."""
    return GreaterThanOrEqual(column, start.isoformat())  # type: ignore[call-arg, arg-type]


def one_of(column: str, values: Iterable[Any]) -> BooleanExpression:
    """Match rows whose column has one of the values."""
    return In(column, set(values))  # type: ignore[call-arg, arg-type]
