"""Decide from two Spark types alone whether a cast between them keeps every value."""

from __future__ import annotations

from collections.abc import Mapping
from enum import Enum
from typing import Final

from pyspark.sql import types as S


class Cast(Enum):
    """`whole`: every value is kept; `checked`: some may be lost; `impossible`: there is no sensible cast."""

    whole = 0
    checked = 1
    impossible = 2


_WHOLE: Final[Mapping[str, frozenset[str]]] = {
    "byte": frozenset({"short", "integer", "long", "double", "string"}),
    "short": frozenset({"integer", "long", "double", "string"}),
    "integer": frozenset({"long", "double", "string"}),
    "long": frozenset({"string"}),
    "float": frozenset({"double", "string"}),
    "double": frozenset({"string"}),
    "decimal": frozenset({"double", "string"}),
    "boolean": frozenset({"integer", "long", "double", "string"}),
    "date": frozenset({"timestamp", "string"}),
    "timestamp": frozenset({"string"}),
    "timestamp_ntz": frozenset({"timestamp", "string"}),
    "string": frozenset({"binary"}),
}
"""For each given type, the types that can hold all of its values. Sessions run in UTC: a date casts to its midnight."""

_CHECKED: Final[Mapping[str, frozenset[str]]] = {
    "byte": frozenset({"boolean", "decimal"}),
    "short": frozenset({"boolean", "decimal"}),
    "integer": frozenset({"boolean", "decimal"}),
    "long": frozenset({"integer", "double", "boolean", "decimal", "timestamp"}),
    "float": frozenset({"integer", "long", "boolean", "decimal", "timestamp"}),
    "double": frozenset({"integer", "long", "boolean", "decimal", "timestamp"}),
    "decimal": frozenset({"integer", "long", "boolean", "decimal", "timestamp"}),
    "boolean": frozenset({"decimal"}),
    "timestamp": frozenset({"integer", "long", "double", "date"}),
    "timestamp_ntz": frozenset({"date"}),
    "string": frozenset({"integer", "long", "double", "boolean", "decimal", "date", "timestamp"}),
    "binary": frozenset({"string"}),
}
"""For each given type, the types that can hold some of its values."""

_DIGITS: Final[Mapping[str, int]] = {"byte": 3, "short": 5, "integer": 10, "long": 19}
"""The most decimal digits of a value."""


def cast_between(given: S.DataType, wanted: S.DataType) -> Cast:
    """Return what a cast from `given` to `wanted` does to values. Nullability makes no difference."""
    if isinstance(given, S.NullType):
        return Cast.whole
    match given, wanted:
        case S.ArrayType(), S.ArrayType():
            return cast_between(given.elementType, wanted.elementType)
        case S.MapType(), S.MapType():
            return _between_maps(given, wanted)
        case S.DecimalType(), S.DecimalType():
            return _to_decimal(given.precision - given.scale, given.scale, wanted)
        case _, S.DecimalType() if given.typeName() in _DIGITS:
            return _to_decimal(_DIGITS[given.typeName()], 0, wanted)
        case _:
            return _between_names(given, wanted)


def _between_maps(given: S.MapType, wanted: S.MapType) -> Cast:
    """Return what a cast between maps does. If it may change keys, two keys could become equal, so it is impossible."""
    if cast_between(given.keyType, wanted.keyType) is not Cast.whole:
        return Cast.impossible
    return cast_between(given.valueType, wanted.valueType)


def _to_decimal(digits: int, scale: int, wanted: S.DecimalType) -> Cast:
    """Return what a cast does from `digits` digits before the decimal point and `scale` after it."""
    fits = wanted.precision - wanted.scale >= digits and wanted.scale >= scale
    return Cast.whole if fits else Cast.checked


def _between_names(given: S.DataType, wanted: S.DataType) -> Cast:
    same = given.typeName() == wanted.typeName() and not isinstance(given, S.StructType)
    if same or wanted.typeName() in _WHOLE.get(given.typeName(), ()):
        return Cast.whole
    return Cast.checked if wanted.typeName() in _CHECKED.get(given.typeName(), ()) else Cast.impossible
