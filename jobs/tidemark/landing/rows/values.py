"""Values as records have them, turned into the types of a spec's columns. Here and nowhere else."""

from __future__ import annotations

import math
import re
from collections.abc import Callable
from dataclasses import dataclass
from typing import Any

from tidemark.landing.rows.instants import read_instant, shown

Convert = Callable[[Any], Any]
"""Gives the value as its column holds it, or None if it is one that says nothing. Raises ValueError."""

_NUMBER = re.compile(r"[+-]?(?:[0-9]+\.?[0-9]*|\.[0-9]+)(?:[eE][+-]?[0-9]+)?")
"""What is a number in text. Python's own `int` and `float` take 1_0, infinity and the digits of other scripts too."""
_NO_NUMBER = frozenset({"nan", "null", "none", "undefined"})
"""Words that programs write in place of a number that they do not have."""
_EXACT = 1 << 53
"""Up to here a float stands for one whole number."""


@dataclass(frozen=True)
class ColumnRule:
    """What a column demands of a value: its type and the checks that one value can break."""

    name: str
    type: str
    required: bool = False
    min: float | None = None
    max: float | None = None
    one_of: tuple[Any, ...] | None = None
    max_length: int | None = None

    def converter(self) -> Convert:
        """Takes a value that is not None; raises ValueError for one that cannot stand in the column."""
        convert = CONVERTERS[self.type]
        if self.min is None and self.max is None and self.one_of is None and self.max_length is None:
            return convert
        return lambda value: None if (found := convert(value)) is None else self._checked(found)

    def _checked(self, value: Any) -> Any:
        if self.one_of is not None and value not in self.one_of:
            raise ValueError(f"{shown(value)} is none of {', '.join(map(str, self.one_of))}")
        if self.min is not None and value < self.min:
            raise ValueError(f"{shown(value)} is below {self.min}")
        if self.max is not None and value > self.max:
            raise ValueError(f"{shown(value)} is above {self.max}")
        if self.max_length is not None and len(value) > self.max_length:
            raise ValueError(f"longer than {self.max_length} characters")
        return value


def is_missing(value: Any) -> bool:
    """Whether a value says nothing: null, empty text, or the NaN that table libraries write for null."""
    return value is None or value == "" or (isinstance(value, float) and math.isnan(value))


def to_text(value: Any) -> str:
    """Text; whole numbers are taken too, as many loggers write ids so (17.0 is 17: a column of ids with gaps)."""
    if type(value) is str:
        return value if value.isascii() else _whole_text(value)
    if isinstance(value, int) and not isinstance(value, bool) and abs(value) < 1 << 63:
        return str(value)
    if isinstance(value, float) and value.is_integer() and abs(value) < _EXACT:
        return str(int(value))
    raise ValueError(f"{shown(value)} is no text")


def _whole_text(text: str) -> str:
    """Text that parsers took out of JSON inside JSON may hold what no table can."""
    try:
        text.encode("utf-8")
    except UnicodeEncodeError:
        raise ValueError("it is not Unicode: half of a surrogate pair") from None
    return text


def to_whole_number(bits: int) -> Convert:
    """A whole number of so many bits; 3.0 and "3" are taken too."""
    least, most = -(1 << bits - 1), (1 << bits - 1) - 1

    def convert(value: Any) -> int | None:
        number = _number(value)
        if number is None:
            return None
        if isinstance(number, float) and not number.is_integer():
            raise ValueError(f"{shown(value)} is no whole number")
        if not least <= number <= most:
            raise ValueError(f"{shown(value)} is out of range")
        return int(number)

    return convert


def to_double(value: Any) -> float | None:
    """A finite number; text of one is taken too."""
    number = _number(value)
    try:
        return None if number is None else float(number)
    except OverflowError:
        raise ValueError(f"{shown(value)} is out of range") from None


def to_boolean(value: Any) -> bool:
    """True or false, and nothing that stands for them."""
    if isinstance(value, bool):
        return value
    raise ValueError(f"{shown(value)} is neither true nor false")


def to_texts(value: Any) -> list[str | None]:
    """A list of texts; an element that says nothing is a gap, since places count."""
    if not isinstance(value, list | tuple):
        raise ValueError(f"{shown(value)} is no list")
    return [None if is_missing(element) else to_text(element) for element in value]


def to_numbers(value: Any) -> list[tuple[str, float]]:
    """A map from name to number, sorted by name, without the names whose number is missing."""
    pairs = value.items() if isinstance(value, dict) else value
    if not isinstance(value, dict | list) or not all(isinstance(p, tuple | list) and len(p) == 2 for p in pairs):
        raise ValueError(f"{shown(value)} is no map from name to number")
    numbers = {to_text(name): _named_number(name, number) for name, number in pairs if not is_missing(number)}
    return sorted((name, number) for name, number in numbers.items() if number is not None)


def _named_number(name: Any, value: Any) -> float | None:
    try:
        return to_double(value)
    except ValueError as error:
        raise ValueError(f"{shown(name)}: {error}") from None


def _number(value: Any) -> int | float | None:
    """A finite number; None for NaN, and for a word that stands for no number."""
    if isinstance(value, str) and len(value) <= 40:
        text = value.strip()
        if text.lower() in _NO_NUMBER:
            return None
        if _NUMBER.fullmatch(text) is None:
            raise ValueError(f"{shown(value)} is no number")
        value = int(text) if text.lstrip("+-").isdigit() else float(text)
    if is_missing(value):
        return None
    if (
        isinstance(value, bool)
        or not isinstance(value, int | float)
        or (isinstance(value, float) and not math.isfinite(value))
    ):
        raise ValueError(f"{shown(value)} is no number")
    return value


CONVERTERS: dict[str, Convert] = {
    "string": to_text,
    "int": to_whole_number(32),
    "long": to_whole_number(64),
    "double": to_double,
    "boolean": to_boolean,
    "timestamp": read_instant,
    "list<string>": to_texts,
    "map<string,double>": to_numbers,
}
"""The types that a landed column may have."""
