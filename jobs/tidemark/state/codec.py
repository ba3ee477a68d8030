"""One JSON form for all that the loop stores, derived from the fields of frozen dataclasses.

| Python | JSON |
|---|---|
| dataclass | object with the names of its fields; with `kind` where a union tells its members apart |
| NamedTuple, tuple | array |
| Interval | array of two instants |
| datetime | ISO text in UTC |
| Mapping[str, T] | object |

What another version wrote is read as far as it is understood: a missing field takes its default, an unknown one is
passed over, and an array where an object is due gives the fields in their order.
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
    """A stored value as plain JSON values."""
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


def decode(of: type[T], raw: Any) -> T:
    """Read what `encode` wrote for a value of type `of`. Raises ValueError for what is no such value."""
    try:
        return cast(T, _decode(of, raw))
    except (TypeError, KeyError, AttributeError, ValueError) as error:
        raise ValueError(f"stored value is no {of.__name__}: {error}") from error


def _decode(of: Any, raw: Any) -> Any:
    origin = get_origin(of)
    if origin in (Union, types.UnionType):
        return _decode_union(get_args(of), raw)
    if origin is tuple:
        return tuple(_decode(get_args(of)[0], item) for item in raw)
    if origin is not None and issubclass(origin, Mapping):
        return {key: _decode(get_args(of)[1], item) for key, item in raw.items()}
    if of is datetime:
        return parse_instant(raw)
    if of is Interval:
        start, end = raw
        return Interval(parse_instant(start), parse_instant(end))
    if isinstance(of, type) and (is_dataclass(of) or hasattr(of, "_fields")):
        return _decode_fields(of, raw)
    if isinstance(of, type) and issubclass(of, Enum):
        return of(raw)
    return raw


def _decode_union(members: tuple[Any, ...], raw: Any) -> Any:
    if raw is None and types.NoneType in members:
        return None
    known = [member for member in members if member is not types.NoneType]
    if len(known) == 1:
        return _decode(known[0], raw)
    kinds = {getattr(member, "KIND", None): member for member in known}
    return _decode(kinds[raw["kind"]], raw)


def _decode_fields(of: type, raw: Any) -> Any:
    hints = _hints(of)
    if not isinstance(raw, Mapping | list):
        raise TypeError(f"{type(raw).__name__} where an object is due")
    given = raw if isinstance(raw, Mapping) else dict(zip(hints, raw, strict=False))
    return of(**{name: _decode(hint, given[name]) for name, hint in hints.items() if name in given})


@lru_cache(maxsize=64)
def _hints(of: type) -> Mapping[str, Any]:
    """The fields of a class with their types, in order."""
    names = [field.name for field in fields(of)] if is_dataclass(of) else list(of._fields)  # type: ignore[attr-defined]
    hints = get_type_hints(of)
    return {name: hints[name] for name in names}
