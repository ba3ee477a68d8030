"""Scan conditions, built from checked values and never from text.

PyIceberg's expression classes take a column's name and a plain value, which their annotations do not say.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable
from datetime import datetime
from typing import Any

from pyiceberg.expressions import AlwaysFalse, And, BooleanExpression, EqualTo, GreaterThanOrEqual, In, LessThan, Or
from pyiceberg.table import Table
from pyiceberg.types import DateType

from tidemark.state.ranges import Ranges, Unit, ceil, floor


def equals(column: str, value: Any) -> BooleanExpression:
    """The rows whose column has the value."""
    return EqualTo(column, value)  # type: ignore[call-arg, arg-type]


def between(column: str, start: Any, end: Any) -> BooleanExpression:
    """The rows with `start <= column < end`."""
    low = GreaterThanOrEqual(column, start)  # type: ignore[call-arg, arg-type]
    return And(low, LessThan(column, end))  # type: ignore[call-arg, arg-type]


def at_least(column: str, value: Any) -> BooleanExpression:
    """The rows with `column >= value`."""
    return GreaterThanOrEqual(column, value)  # type: ignore[call-arg, arg-type]


def any_of(conditions: Iterable[BooleanExpression]) -> BooleanExpression:
    """Any of the conditions; nothing for no conditions. They are joined as a tree of small depth."""
    return Or(AlwaysFalse(), AlwaysFalse(), *conditions)


def in_ranges(table: Table, column: str, ranges: Ranges) -> BooleanExpression:
    """The column's value lies in the ranges; of a date column, the whole days that they reach into."""
    is_date = isinstance(table.schema().find_field(column).field_type, DateType)
    return any_of(between(column, _literal(i.start, is_date), _literal(i.end, is_date, ceil)) for i in ranges)


def _literal(instant: datetime, is_date: bool, rounded: Callable[[datetime, Unit], datetime] = floor) -> str:
    """An instant as a value of the column; of a date column, the day that holds or follows it."""
    return rounded(instant, "day").date().isoformat() if is_date else instant.isoformat()


def both(one: BooleanExpression, other: BooleanExpression) -> BooleanExpression:
    """The rows that meet both conditions."""
    return And(one, other)


def since_instant(column: str, start: datetime) -> BooleanExpression:
    """The rows with `column >= start`, an instant."""
    return GreaterThanOrEqual(column, start.isoformat())  # type: ignore[call-arg, arg-type]


def one_of(column: str, values: Iterable[str]) -> BooleanExpression:
    """The rows whose column has one of the values."""
    return In(column, set(values))  # type: ignore[call-arg, arg-type]
