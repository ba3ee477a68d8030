"""One JSON form for everything that the loop stores, derived from the fields of frozen dataclasses.

| Python | JSON |
|---|---|
| dataclass | object with the names of its fields, and `kind` if the class has a `KIND` (members of a union) |
| NamedTuple, tuple | array |
| Interval | array of two instants |
| datetime | ISO text in UTC |
| Mapping[str, T] | object |

Values that another version wrote are read as well. A missing field takes its default, an unknown field is ignored,
and an array in place of an object gives the fields in their order.
"""

from __future__ import annotations

import types
from collections.abc import Mapping
from dataclasses import fields, is_dataclass
from datetime import datetime
from enum import Enum
from functools import lru_cache
from typing import Any, TypeVar, Union, cast, get_args, get_origin, get_type_hints

from tidemark.state.ranges import Interval, format_instant, parse_instant

T = TypeVar("T")


def encode(value: Any) -> Any:
    """Turn a value into plain JSON values."""
    if isinstance(value, datetime):
        return format_instant(value)
    if isinstance(value, Interval):
        return [format_instant(value.start), format_instant(value.end)]
    if isinstance(value, Enum):
        return value.value
    if is_dataclass(value) and not isinstance(value, type):
        content = {field.name: encode(getattr(value, field.name)) for field in fields(value)}
        kind = getattr(value, "KIND", None)
        return content if kind is None else {"kind": kind, **content}
    if isinstance(value, Mapping):
        return {key: encode(item) for key, item in value.items()}
    if isinstance(value, tuple | list):
        return [encode(item) for item in value]
    return value


def decode(kind: type[T], raw: Any) -> T:
    """Read what `encode` wrote for a value of type `kind`. Raises ValueError if `raw` holds no such value."""
    try:
        return cast(T, _decode(kind, raw))
    except (TypeError, KeyError, AttributeError, ValueError) as error:
        raise ValueError(f"stored value is not a {kind.__name__}: {error}") from error


def _decode(kind: Any, raw: Any) -> Any:
    origin = get_origin(kind)
    if origin in (Union, types.UnionType):
        return _decode_union(get_args(kind), raw)
    if origin is tuple:
        return tuple(_decode(get_args(kind)[0], item) for item in raw)
    if origin is not None and issubclass(origin, Mapping):
        return {key: _decode(get_args(kind)[1], item) for key, item in raw.items()}
    if kind is datetime:
        return parse_instant(raw)
    if kind is Interval:
        start, end = raw
        return Interval(parse_instant(start), parse_instant(end))
    if isinstance(kind, type) and (is_dataclass(kind) or hasattr(kind, "_fields")):
        return _decode_fields(kind, raw)
    if isinstance(kind, type) and issubclass(kind, Enum):
        return kind(raw)
    return raw


def _decode_union(members: tuple[Any, ...], raw: Any) -> Any:
    if raw is None and types.NoneType in members:
        return None
    known = [member for member in members if member is not types.NoneType]
    if len(known) == 1:
        return _decode(known[0], raw)
    kinds = {getattr(member, "KIND", None): member for member in known}
    return _decode(kinds[raw["kind"]], raw)


def _decode_fields(kind: type, raw: Any) -> Any:
    types_by_field = _field_types(kind)
    if not isinstance(raw, Mapping | list):
        raise TypeError(f"expected an object, found {type(raw).__name__}")
    given = raw if isinstance(raw, Mapping) else dict(zip(types_by_field, raw, strict=False))
    return kind(**{name: _decode(field, given[name]) for name, field in types_by_field.items() if name in given})


@lru_cache(maxsize=64)
def _field_types(kind: type) -> Mapping[str, Any]:
    """Return the fields of a dataclass or NamedTuple with their types, in order."""
    names = [field.name for field in fields(kind)] if is_dataclass(kind) else list(kind._fields)  # type: ignore[attr-defined]
    hints = get_type_hints(kind)
    return {name: hints[name] for name in names}
