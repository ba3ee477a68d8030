"""Records in other shapes than their own: keys with dots, and documents that hold records further inside."""

import json
from collections.abc import Iterable, Iterator, Mapping
from typing import Any

MAX_NESTING = 4
"""Levels below which no record is looked for."""
ABOUT_ALL = ("application", "client_id", "user_id", "session_id", "query_id", "user_query")
"""What a document may say once for all records in it."""

Record = Mapping[str, Any]


def read_json(text: str) -> Any:
    """JSON inside text; text that is none is a plain value."""
    try:
        return json.loads(text) if text else None
    except (ValueError, RecursionError):
        return text


def nested(record: Record, below: Iterable[str] | None = None) -> Record:
    """The record with `a.b` read as b inside a, as shippers flatten it; with `below` only inside those keys.

    A key that contradicts another one, such as `a.b` beside the text `a`, stays as it is.
    """
    dotted = [key for key in record if "." in key and (below is None or key.split(".", 1)[0] in below)]
    if not dotted:
        return record
    made = {key: value for key, value in record.items() if key not in dotted}
    for key in sorted(dotted):
        if not _put(made, key.split("."), record[key]):
            made[key] = record[key]
    return made


def _put(target: dict[str, Any], steps: list[str], value: Any) -> bool:
    """Puts a value at a path. What lies on the way is copied, since it belongs to the record; False where text does."""
    for step in steps[:-1]:
        inner = target.get(step)
        if inner is not None and not isinstance(inner, dict):
            return False
        target[step] = dict(inner or {})
        target = target[step]
    if target.get(steps[-1]) is not None:
        return False
    target[steps[-1]] = value
    return True


def records_inside(value: Record, names: frozenset[str], not_in: Iterable[str]) -> list[Any] | None:
    """The records that a document holds, such as `{"events": [...]}` or an answer of _search.

    A record is an object with one of the `names`, or a search hit (`_source`). None where the value is a record
    itself, which has a time, or holds none. Nothing is looked for inside the keys `not_in`.
    """
    if _is_hit(value) or (value.get("timestamp") is not None and not names.isdisjoint(value)):
        return None
    found = list(_found(value, names, frozenset(not_in), MAX_NESTING))
    if not found:
        return None
    shared = {name: value[name] for name in ABOUT_ALL if isinstance(value.get(name), str | int)}
    return [{**shared, **one} if shared and isinstance(one, dict) and not _is_hit(one) else one for one in found]


def _found(value: Record, names: frozenset[str], not_in: frozenset[str], levels: int) -> Iterator[Any]:
    for key, child in value.items():
        if levels and key not in not_in:
            yield from _found_in(_opened(child), names, not_in, levels - 1)


def _found_in(child: Any, names: frozenset[str], not_in: frozenset[str], levels: int) -> Iterator[Any]:
    if isinstance(child, dict):
        if _is_record(child, names):
            yield child
        else:
            yield from _found(child, names, not_in, levels)
    elif isinstance(child, list):
        if any(_is_record(one, names) for one in child):
            yield from child
        else:
            for one in child:
                yield from _found_in(one, names, not_in, levels) if isinstance(one, dict) else ()


def _opened(child: Any) -> Any:
    """A record that a shipper wrote as text, such as `{"message": "{...}"}`."""
    return read_json(child) if isinstance(child, str) and child[:1] == "{" else child


def _is_record(value: Any, names: frozenset[str]) -> bool:
    return isinstance(value, dict) and (_is_hit(value) or not names.isdisjoint(value))


def _is_hit(value: Record) -> bool:
    return isinstance(value.get("_source"), dict)
