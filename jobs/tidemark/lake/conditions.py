"""Scan conditions, built from checked values and never from text.

PyIceberg's expression classes take a column's name and a plain value, which their annotations do not say.
"""

from __future__ import annotations

from collections.abc import Iterable
from datetime import datetime
from functools import reduce
from typing import Any

from pyiceberg.expressions import AlwaysFalse, And, BooleanExpression, EqualTo, GreaterThanOrEqual, In, LessThan, Or


def equals(column: str, value: Any) -> BooleanExpression:
    """column = value"""
    return EqualTo(column, value)  # type: ignore[call-arg, arg-type]


def between(column: str, start: Any, end: Any) -> BooleanExpression:
    """start <= column < end"""
    low = GreaterThanOrEqual(column, start)  # type: ignore[call-arg, arg-type]
    return And(low, LessThan(column, end))  # type: ignore[call-arg, arg-type]


def any_of(conditions: Iterable[BooleanExpression]) -> BooleanExpression:
    """Any of the conditions; none of them for no conditions."""
    nothing: BooleanExpression = AlwaysFalse()
    return reduce(Or, conditions, nothing)


def both(one: BooleanExpression, other: BooleanExpression) -> BooleanExpression:
    """one and other"""
    return And(one, other)


def from_on(column: str, start: datetime) -> BooleanExpression:
    """column >= start"""
    return GreaterThanOrEqual(column, start.isoformat())  # type: ignore[call-arg, arg-type]


def one_of(column: str, values: Iterable[str]) -> BooleanExpression:
    """column is one of the values"""
    return In(column, set(values))  # type: ignore[call-arg, arg-type]
