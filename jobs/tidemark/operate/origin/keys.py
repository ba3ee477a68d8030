"""Read the keys of a row, as people write them, by the columns of the grain."""

from __future__ import annotations

import difflib
from collections.abc import Callable, Mapping, Sequence
from datetime import date
from decimal import Decimal, InvalidOperation
from typing import Any

from tidemark.errors import RequestRefused
from tidemark.spec import DatasetSpec
from tidemark.state.ranges import parse_instant
from tidemark.support.text import printable

LONGEST = 2_000
"""The most characters of a value."""


def read_keys(spec: DatasetSpec, texts: Sequence[str]) -> dict[str, Any]:
    """Return the values of grain columns that texts of the form `column=value` give, in the types of the columns.

    Not all columns of the grain have to be given. Raises RequestRefused that names the text, what is wrong, and what
    to write.
    """
    keys: dict[str, Any] = {}
    for text in texts:
        column, sign, value = text.partition("=")
        if not sign:
            raise RequestRefused(f"{_shown(text)}: write it as column=value; the grain is {_grain(spec)}")
        if column not in spec.grain:
            raise RequestRefused(_unknown(spec, column))
        if column in keys:
            raise RequestRefused(f"{column}: is given twice; give it once")
        keys[column] = read_value(spec, column, value)
    return keys


def _unknown(spec: DatasetSpec, column: str) -> str:
    near = difflib.get_close_matches(column, spec.grain, n=1)
    hint = f" (did you mean {near[0]}?)" if near else ""
    what = "is no column of its grain" if column in spec.columns else "is no column of it"
    return f"{_shown(column)}: {what}, {spec.dataset}{hint}; the grain is {_grain(spec)}"


def read_value(spec: DatasetSpec, column: str, text: str) -> Any:
    """Return the value that a text gives, in the type of the column. Raises RequestRefused if it gives none."""
    kind = spec.columns[column].type.replace(" ", "")
    if len(text) > LONGEST:
        raise RequestRefused(f"{column}: longer than {LONGEST} characters; give the value that stands in the table")
    try:
        return _READERS[kind.partition("(")[0]](text)
    except (ValueError, KeyError, OverflowError, InvalidOperation) as error:
        remedy = _EXAMPLES.get(kind, "a value of that type")
        raise RequestRefused(f"{column}: {_shown(text)} is not of type {kind}; write {remedy}") from error


def _whole(bits: int) -> Callable[[str], int]:
    def read(text: str) -> int:
        number = int(text)
        if not -(1 << bits - 1) <= number < 1 << bits - 1:
            raise ValueError("out of range")
        return number

    return read


def _boolean(text: str) -> bool:
    return {"true": True, "false": False}[text.lower()]


_READERS: Mapping[str, Callable[[str], Any]] = {
    "string": str,
    "int": _whole(32),
    "long": _whole(64),
    "double": float,
    "boolean": _boolean,
    "date": date.fromisoformat,
    "timestamp": parse_instant,
    "decimal": Decimal,
}
_EXAMPLES = {
    "int": "a whole number",
    "long": "a whole number",
    "double": "a number such as 0.5",
    "boolean": "true or false",
    "date": "a day such as 2026-04-12",
    "timestamp": "an instant such as 2026-04-12T07:00Z",
}


def _grain(spec: DatasetSpec) -> str:
    return ", ".join(spec.grain)


def _shown(text: str) -> str:
    return repr(printable(text[:60]))
