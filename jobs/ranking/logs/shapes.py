"""Records in other shapes: keys with dots, and documents that contain records at a deeper level."""

import json
from collections.abc import Iterable, Iterator, Mapping
from typing import Any

MAX_NESTING = 4
"""How many levels deep records are looked for."""
ABOUT_ALL = ("application", "client_id", "user_id", "session_id", "query_id", "user_query")
"""Fields that a document may state once for all its records."""

Record = Mapping[str, Any]


def read_json(text: str) -> Any:
    """Parse JSON inside text. Text that is not JSON is returned as it is; an empty text is None."""
    try:
        return json.loads(text) if text else None
    except (ValueError, RecursionError):
        return text


def nested(record: Record, below: Iterable[str] | None = None) -> Record:
    """Return the record with each key `a.b` moved to b inside a, as log shippers flatten it.

    If `below` is given, only keys that begin with one of these names are moved. A key that conflicts with another one,
    such as `a.b` beside the text `a`, stays as it is.
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
    """Put a value at a path of keys. Returns False if the path already has a value, or a value that is not an object.

    Objects on the path are copied, because they belong to the original record.
    """
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
    """Return the records inside a document such as `{"events": [...]}` or a _search response.

    A record is an object with one of the `names`, or a search hit (`_source`). Returns None if the value contains no
    record, or is a record itself: an object with a timestamp and one of the `names`. The keys `not_in` are not
    searched.
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
    """Parse a record that a log shipper wrote as text, such as `{"message": "{...}"}`; other values are unchanged."""
    return read_json(child) if isinstance(child, str) and child[:1] == "{" else child


def _is_record(value: Any, names: frozenset[str]) -> bool:
    return isinstance(value, dict) and (_is_hit(value) or not names.isdisjoint(value))


def _is_hit(value: Record) -> bool:
    return isinstance(value.get("_source"), dict)
