"""Rows as plain values that JSON can hold, and their order."""

from __future__ import annotations

from collections.abc import Mapping
from datetime import date, datetime
from typing import Any

from tidemark.spec import DatasetSpec
from tidemark.state.ranges import format_instant


def plain_row(row: Mapping[str, Any]) -> dict[str, Any]:
    """Return a row whose values are texts, numbers, truth values, lists, or null."""
    return {name: _plain(value) for name, value in row.items()}


def sort_key(spec: DatasetSpec, row: Mapping[str, Any]) -> list[str]:
    """Return what to sort rows by: the columns of the grain."""
    return [str(_plain(row[column])) for column in spec.grain]


def _plain(value: Any) -> Any:
    if isinstance(value, datetime):
        return format_instant(value)
    if isinstance(value, date):
        return value.isoformat()
    if isinstance(value, list | tuple):
        return [_plain(each) for each in value]
    if isinstance(value, Mapping):
        return {str(key): _plain(each) for key, each in value.items()}
    return value if value is None or isinstance(value, str | int | float | bool) else str(value)
