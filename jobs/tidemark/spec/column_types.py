"""Column types of the spec language, parsed into a small tree. `render/` maps the tree to Iceberg and Spark.

    string int long double boolean date timestamp binary  decimal(p,s)  list<T>  map<string,T>

`timestamp` is an instant in UTC, to the microsecond. Elements of lists and values of maps may be null.
"""

from __future__ import annotations

import re
from dataclasses import dataclass

PRIMITIVES = ("string", "int", "long", "double", "boolean", "date", "timestamp", "binary")
NUMBERS = frozenset({"int", "long", "double"})
MAX_NESTING = 5
"""The most levels of lists and maps in one type. Rows that need more are better modelled as two datasets."""

_DECIMAL = re.compile(r"decimal\(([0-9]{1,2}),([0-9]{1,2})\)")


@dataclass(frozen=True)
class Primitive:
    """A type without parameters, one of PRIMITIVES."""

    name: str

    def __str__(self) -> str:
        return self.name


@dataclass(frozen=True)
class Decimal:
    """A decimal of `precision` digits (1 to 38), `scale` of them after the decimal point."""

    precision: int
    scale: int

    def __str__(self) -> str:
        return f"decimal({self.precision},{self.scale})"


@dataclass(frozen=True)
class ListOf:
    """A list. Its elements may be null."""

    element: ColumnType

    def __str__(self) -> str:
        return f"list<{self.element}>"


@dataclass(frozen=True)
class MapOf:
    """A map whose keys are strings. Its values may be null."""

    value: ColumnType

    def __str__(self) -> str:
        return f"map<string,{self.value}>"


ColumnType = Primitive | Decimal | ListOf | MapOf


def parse_type(text: str) -> ColumnType:
    """Return the type that a text stands for. Raises ValueError; its message is the remedy."""
    return _parse("".join(text.split()), MAX_NESTING)


def _parse(text: str, levels: int) -> ColumnType:
    if text in PRIMITIVES:
        return Primitive(text)
    if found := _DECIMAL.fullmatch(text):
        return _decimal(int(found[1]), int(found[2]))
    if levels and text.endswith(">"):
        if text.startswith("list<"):
            return ListOf(_parse(text[5:-1], levels - 1))
        if text.startswith("map<string,"):
            return MapOf(_parse(text[11:-1], levels - 1))
    raise ValueError(_remedy(text))


def _decimal(precision: int, scale: int) -> Decimal:
    if not 1 <= precision <= 38 or scale > precision:
        raise ValueError("write decimal(p,s) with p from 1 to 38 digits and s from 0 to p of them after the point")
    return Decimal(precision, scale)


def _remedy(text: str) -> str:
    if text.startswith(("map<", "decimal(")) and text[-1] not in ">)":
        return 'put a type that contains a comma in quotes, as in type: "map<string,double>"'
    return f"write one of {', '.join(PRIMITIVES)}, decimal(p,s), list<T>, map<string,T>"


def is_number(kind: ColumnType) -> bool:
    """Return whether the type is numeric: int, long, double or decimal."""
    return isinstance(kind, Decimal) or str(kind) in NUMBERS


def is_nested(kind: ColumnType) -> bool:
    """Return whether the type is a list or a map."""
    return isinstance(kind, ListOf | MapOf)
