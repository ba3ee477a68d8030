"""Convert the values of records to the types of a spec's columns. This module is the only place that does."""

from __future__ import annotations

import math
import re
from collections.abc import Callable
from dataclasses import dataclass
from typing import Any

from tidemark.landing.rows.instants import read_instant, shown

Convert = Callable[[Any], Any]
"""Returns the value in the type of its column, or None for a value that stands for a missing one. Raises ValueError."""

_NUMBER = re.compile(r"[+-]?(?:[0-9]+\.?[0-9]*|\.[0-9]+)(?:[eE][+-]?[0-9]+)?")
"""A number as text. Python's own `int` and `float` also accept 1_0, infinity and the digits of other scripts."""
_MISSING_NUMBERS = frozenset({"nan", "null", "none", "undefined"})
"""Words that programs write instead of a missing number."""
_EXACT = 1 << 53
"""Below this, a float represents every whole number exactly."""


@dataclass(frozen=True)
class ColumnRule:
    """The rules of a column for a single value: its type and its checks."""

    name: str
    type: str
    required: bool = False
    min: float | None = None
    max: float | None = None
    one_of: tuple[Any, ...] | None = None
    max_length: int | None = None

    def converter(self) -> Convert:
        """Return the conversion of values that are not None. It raises ValueError for a value that breaks a rule."""
        convert = CONVERTERS[self.type]
        if self.min is None and self.max is None and self.one_of is None and self.max_length is None:
            return convert
        return lambda value: None if (found := convert(value)) is None else self._checked(found)

    def _checked(self, value: Any) -> Any:
        if self.one_of is not None and value not in self.one_of:
            raise ValueError(f"{shown(value)} is not one of {', '.join(map(str, self.one_of))}")
        if self.min is not None and value < self.min:
            raise ValueError(f"{shown(value)} is below {self.min}")
        if self.max is not None and value > self.max:
            raise ValueError(f"{shown(value)} is above {self.max}")
        if self.max_length is not None and len(value) > self.max_length:
            raise ValueError(f"longer than {self.max_length} characters")
        return value


def is_missing(value: Any) -> bool:
    """Return whether a value is missing: null, empty text, or the NaN that table libraries write for null."""
    return value is None or value == "" or (isinstance(value, float) and math.isnan(value))


def to_text(value: Any) -> str:
    """Return text. Whole numbers are accepted too, because many loggers write ids as numbers.

    17.0 becomes 17: table libraries turn a column of whole numbers with gaps into floats.
    """
    if type(value) is str:
        return value if value.isascii() else _check_unicode(value)
    if isinstance(value, int) and not isinstance(value, bool) and abs(value) < 1 << 63:
        return str(value)
    if isinstance(value, float) and value.is_integer() and abs(value) < _EXACT:
        return str(int(value))
    raise ValueError(f"{shown(value)} is not a text")


def _check_unicode(text: str) -> str:
    """Refuse unpaired surrogates, which a table cannot store. Text from JSON inside JSON may contain them."""
    try:
        text.encode("utf-8")
    except UnicodeEncodeError:
        raise ValueError("it is not Unicode: half of a surrogate pair") from None
    return text


def to_whole_number(bits: int) -> Convert:
    """Return the conversion to whole numbers of so many bits. It accepts 3.0 and "3" too."""
    low, high = -(1 << bits - 1), (1 << bits - 1) - 1

    def convert(value: Any) -> int | None:
        number = _number(value)
        if number is None:
            return None
        if isinstance(number, float) and not number.is_integer():
            raise ValueError(f"{shown(value)} is not a whole number")
        if not low <= number <= high:
            raise ValueError(f"{shown(value)} is out of range")
        return int(number)

    return convert


def to_double(value: Any) -> float | None:
    """Return a finite number. Its text is accepted too."""
    number = _number(value)
    try:
        return None if number is None else float(number)
    except OverflowError:
        raise ValueError(f"{shown(value)} is out of range") from None


def to_boolean(value: Any) -> bool:
    """Return true or false. Texts and numbers that stand for them are refused."""
    if isinstance(value, bool):
        return value
    raise ValueError(f"{shown(value)} is neither true nor false")


def to_texts(value: Any) -> list[str | None]:
    """Return a list of texts. A missing element becomes None, so that the others keep their positions."""
    if not isinstance(value, list | tuple):
        raise ValueError(f"{shown(value)} is not a list")
    return [None if is_missing(element) else to_text(element) for element in value]


def to_numbers(value: Any) -> list[tuple[str, float]]:
    """Return a map from names to numbers as pairs, sorted by name. Names whose number is missing are left out."""
    pairs = value.items() if isinstance(value, dict) else value
    if not isinstance(value, dict | list) or not all(isinstance(p, tuple | list) and len(p) == 2 for p in pairs):
        raise ValueError(f"{shown(value)} is not a map from names to numbers")
    numbers = {to_text(name): _named_number(name, number) for name, number in pairs if not is_missing(number)}
    return sorted((name, number) for name, number in numbers.items() if number is not None)


def _named_number(name: Any, value: Any) -> float | None:
    try:
        return to_double(value)
    except ValueError as error:
        raise ValueError(f"{shown(name)}: {error}") from None


def _number(value: Any) -> int | float | None:
    """Return a finite number, or None for NaN and for words that stand for a missing number."""
    if isinstance(value, str) and len(value) <= 40:
        text = value.strip()
        if text.lower() in _MISSING_NUMBERS:
            return None
        if _NUMBER.fullmatch(text) is None:
            raise ValueError(f"{shown(value)} is not a number")
        value = int(text) if text.lstrip("+-").isdigit() else float(text)
    if is_missing(value):
        return None
    if (
        isinstance(value, bool)
        or not isinstance(value, int | float)
        or (isinstance(value, float) and not math.isfinite(value))
    ):
        raise ValueError(f"{shown(value)} is not a number")
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
