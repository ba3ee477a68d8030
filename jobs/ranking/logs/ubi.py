"""Search logs as UBI (User Behavior Insights) writes them, 1.3 and earlier: queries and events, mixed or not.

What no column holds stays in `other_fields`, so that nothing which a record says is lost.
"""

import json
import math
import re
from collections.abc import Iterable, Mapping
from functools import lru_cache
from typing import Any

from ranking.logs import shapes
from ranking.logs.placeholders import is_placeholder

NO_APPLICATION = "unknown"
HITS = ("query_response_hit_ids", "query_response_object_ids", "query_response_objects_ids")
"""What the list of returned items was called, the newest name first."""
ITEMS = ("object.object_id", "data.object_id", "data.data_id", "object.internal_id")
"""Where event_attributes name the item; `data` is from before 1.0, the engine's internal id is the last resort."""
TIMES = ("timestamp", "@timestamp")
ATTRIBUTES = ("query_attributes", "event_attributes")
_OF_EVENTS = ("action_name", "event_attributes")
_OF_QUERIES = ("query_response_id", *HITS, "query_attributes")
NAMES = frozenset((*_OF_EVENTS, *_OF_QUERIES, "query_id", "user_query"))
"""A record without one of them is no UBI record."""
_OF_OTHERS = frozenset(("grade", "rating", "judgmentRatings", "features", "object_id"))
"""What judgments, logged features and items say."""
_COMMON = frozenset(("application", "query_id", "client_id", "user_query", *TIMES))
_READ_OF_QUERIES = _COMMON | {"query_response_id", *HITS, "query_attributes"}
_READ_OF_EVENTS = _COMMON | {"action_name", "session_id", "message", "event_attributes"}
_ENCODER = json.JSONEncoder(
    sort_keys=True,
    separators=(",", ":"),
    allow_nan=False,
    default=str,
    ensure_ascii=False,
    check_circular=False,
)
_KIND = re.compile(r"(?<![a-z])(event|query|querie)s?(?![a-z])")
_SHOWN = 6
"""Names of a foreign record that its refusal shows."""


def parse(record: Mapping[str, Any], place: Mapping[str, Any]) -> Iterable[tuple[str, dict[str, Any]]]:
    """A row of search_queries or of search_events. Raises ValueError for a record that is neither."""
    record = shapes.nested(record, below=ATTRIBUTES)
    if _is_foreign(record):
        raise ValueError(_foreign(record))
    if _is_event(record, place):
        yield "search_events", _event(record)
    else:
        yield "search_queries", _query(record)


def parse_document(value: Mapping[str, Any]) -> Iterable[Any] | None:
    """The records inside an object that is none itself; None for a record."""
    return shapes.records_inside(value, NAMES, not_in=ATTRIBUTES)


def to_json(value: Any) -> str | None:
    """An attribute as JSON text, keys sorted; text that is JSON already is kept. Raises ValueError.

    A number that JSON cannot say (NaN, infinity) becomes null: one value that says nothing costs no record.
    """
    if value is None:
        return None
    if isinstance(value, str):
        value = shapes.read_json(value)
    try:
        return _ENCODER.encode(value)
    except ValueError:
        return _encode_finite(value)
    except (TypeError, RecursionError) as error:
        raise ValueError(f"unreadable attributes: {error}") from None


def _encode_finite(value: Any) -> str:
    try:
        return _ENCODER.encode(_finite(value))
    except (TypeError, ValueError, RecursionError) as error:
        raise ValueError(f"unreadable attributes: {error}") from None


def _finite(value: Any) -> Any:
    if isinstance(value, dict):
        return {key: _finite(inner) for key, inner in value.items()}
    if isinstance(value, list | tuple):
        return [_finite(inner) for inner in value]
    return None if isinstance(value, float) and not math.isfinite(value) else value


def _is_event(record: Mapping[str, Any], place: Mapping[str, Any]) -> bool:
    """By what only events or only queries say, else by the index of a bulk file, else by the folder.

    A row of a Parquet file has the columns of both, so a value tells more than a key. A key without its value is
    still a sign: an event without its name must not pass for a query.
    """
    event, query = _says(record, _OF_EVENTS), _says(record, _OF_QUERIES)
    if event != query:
        return event
    kind = _kind_of_index(place.get("index") or "")
    if kind is not None:
        return kind == "event"
    if event or any(key in record for key in _OF_EVENTS):
        return True
    return str(place["file_path"]).startswith("events/")


def _says(record: Mapping[str, Any], keys: Iterable[str]) -> bool:
    return any(record.get(key) is not None for key in keys)


@lru_cache(maxsize=256)
def _kind_of_index(index: str) -> str | None:
    """`event` or `query` by the last such word in the name of an index: `events-berlin_ubi_queries` holds queries."""
    words = _KIND.findall(index.lower())
    return None if not words else "event" if words[-1] == "event" else "query"


def _query(record: Mapping[str, Any]) -> dict[str, Any]:
    query_id = record.get("query_id")
    if is_placeholder(query_id) and query_id:
        raise ValueError(
            f"query_id is wrong: {query_id!r} stands for no id, so that requests of several users would be one; "
            "have the logger write one for each request"
        )
    return {
        "application": _application(record),
        "queried_at": _first(record, TIMES),
        "query_id": query_id,
        "client_id": _client(record),
        "user_query": _text_of_query(record),
        "query_response_id": record.get("query_response_id"),
        "query_response_hit_ids": _hits(record),
        "query_attributes": to_json(record.get("query_attributes")),
        "other_fields": _others(record, _READ_OF_QUERIES),
    }


def _event(record: Mapping[str, Any]) -> dict[str, Any]:
    attributes = shapes.nested(_object(record.get("event_attributes"), "event_attributes"))
    query_id = record.get("query_id")
    return {
        "application": _application(record),
        "occurred_at": _first(record, TIMES),
        "action_name": record.get("action_name"),
        "query_id": None if is_placeholder(query_id) else query_id,
        "client_id": _client(record),
        "session_id": record.get("session_id") or attributes.get("session_id"),
        "user_query": record.get("user_query"),
        "message": _message(record.get("message")),
        "item_id": _item(attributes),
        "position": _position(attributes),
        "event_attributes": to_json(attributes) if attributes else None,
        "other_fields": _others(record, _READ_OF_EVENTS),
    }


def _application(record: Mapping[str, Any]) -> Any:
    application = record.get("application")
    return NO_APPLICATION if application is None or is_placeholder(application) else application


def _client(record: Mapping[str, Any]) -> Any:
    """Before 1.0 a client was called `user_id`."""
    client = record.get("client_id")
    return record.get("user_id") if client is None or client == "" else client


def _text_of_query(record: Mapping[str, Any]) -> Any:
    """Before 1.0 the text stood in `query`, where later versions have what the engine was asked, as JSON."""
    text, asked = record.get("user_query"), record.get("query")
    return asked if text is None and isinstance(asked, str) and asked[:1] not in ("{", "[") else text


def _hits(record: Mapping[str, Any]) -> Any:
    """The returned items under any of their names; a list may be written as JSON text."""
    found = [value for name in HITS if (value := record.get(name)) is not None]
    hits = next((value for value in found if value), found[0] if found else None)
    return shapes.read_json(hits) if isinstance(hits, str) and hits[:1] == "[" else hits


def _item(attributes: Mapping[str, Any]) -> Any:
    for path in ITEMS:
        within, _, name = path.partition(".")
        found = _object(attributes.get(within), f"event_attributes.{within}").get(name)
        if found is not None and found != "":
            return found
    return None


def _position(attributes: Mapping[str, Any]) -> Any:
    """In 1.0 the ordinal was an object with an `index`."""
    ordinal = _object(attributes.get("position"), "event_attributes.position").get("ordinal")
    return ordinal.get("index") if isinstance(ordinal, dict) else ordinal


def _object(value: Any, name: str) -> Mapping[str, Any]:
    """A nested object, which Parquet files may hold as JSON text; an absent one is empty."""
    if isinstance(value, str):
        value = shapes.read_json(value)
    if value is None:
        return {}
    if not isinstance(value, dict):
        raise ValueError(f"{name} is wrong: it is no object")
    return value


def _message(value: Any) -> str | None:
    return value if value is None or isinstance(value, str) else to_json(value)


def _others(record: Mapping[str, Any], read: frozenset[str]) -> str | None:
    """All that no column holds, as JSON; null where there is nothing."""
    others = {name: record[name] for name in record.keys() - read if record[name] is not None}
    return to_json(others) if others else None


def _first(record: Mapping[str, Any], names: Iterable[str]) -> Any:
    return next((record[name] for name in names if record.get(name) is not None), None)


def _is_foreign(record: Mapping[str, Any]) -> bool:
    """Judgments and features have a query text too, and no id of a request."""
    names = NAMES.intersection(record)
    return not names or (names == {"user_query"} and not _OF_OTHERS.isdisjoint(record))


def _foreign(record: Mapping[str, Any]) -> str:
    """Why a record that has none of UBI's fields is refused, and what it may be instead."""
    names = sorted(map(str, record))
    shown = ", ".join(name[:40] for name in names[:_SHOWN]) + (", ..." if len(names) > _SHOWN else "")
    return (
        f"no UBI record: it has none of the fields of a query or an event, but {shown or 'no field'}; {_meant(record)}"
    )


def _meant(record: Mapping[str, Any]) -> str:
    if "hits" in record and "took" in record:
        return "this is an answer of _search without a hit that is one"
    if not {"grade", "rating", "judgmentRatings"}.isdisjoint(record):
        return "judgments are handed in with JUDGMENTS= (the folder landing/judgments)"
    if "features" in record:
        return "logged features are handed in with FEATURES= (the folder landing/feature_log)"
    if "object_id" in record:
        return "items are handed in with ITEMS= (the folder landing/items)"
    return "a query has at least query_id and timestamp, an event action_name and timestamp"
