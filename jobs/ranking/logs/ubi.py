"""Parser of search logs in the UBI format (User Behavior Insights), version 1.3 and earlier.

A file may contain queries, events or both. Fields without a column are kept in `other_fields`, so no data is lost.
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
"""The names of the list of returned items in the versions of UBI, the newest first."""
ITEMS = ("object.object_id", "data.object_id", "data.data_id", "object.internal_id")
"""Paths of the item in event_attributes, in order. `data` is from before 1.0; the engine's internal id comes last."""
TIMES = ("timestamp", "@timestamp")
ATTRIBUTES = ("query_attributes", "event_attributes")
_OF_EVENTS = ("action_name", "event_attributes")
_OF_QUERIES = ("query_response_id", *HITS, "query_attributes")
NAMES = frozenset((*_OF_EVENTS, *_OF_QUERIES, "query_id", "user_query"))
"""Fields of UBI. A record without any of them is not a UBI record."""
_OF_OTHERS = frozenset(("grade", "rating", "judgmentRatings", "features", "object_id"))
"""Fields of judgments, logged features and items."""
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
"""How many field names of a record its refusal shows."""


def parse(record: Mapping[str, Any], place: Mapping[str, Any]) -> Iterable[tuple[str, dict[str, Any]]]:
    """Yield a row of search_queries or search_events. Raises ValueError if the record is neither."""
    record = shapes.nested(record, below=ATTRIBUTES)
    if _is_foreign(record):
        raise ValueError(_foreign(record))
    if _is_event(record, place):
        yield "search_events", _event(record)
    else:
        yield "search_queries", _query(record)


def parse_document(value: Mapping[str, Any]) -> Iterable[Any] | None:
    """Return the records inside a document, or None if the value is a record itself."""
    return shapes.records_inside(value, NAMES, not_in=ATTRIBUTES)


def to_json(value: Any) -> str | None:
    """Return an attribute as JSON text with sorted keys, and None for None. Text that is JSON is read first.

    NaN and infinity become null, so that one such number does not cost the record. Raises ValueError for other values
    that cannot be written as JSON.
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
    """Return true for an event and false for a query.

    The first of these rules that applies decides:

    1. Only one kind of fields has values: those of events, or those of queries.
    2. The index in a bulk file names one of the two.
    3. A key of an event is there, even without a value. So an event without its name is not taken as a query.
    4. The file lies in the folder `events`.

    Values come before keys, because rows of Parquet files have the keys of both kinds.
    """
    event, query = _has_any(record, _OF_EVENTS), _has_any(record, _OF_QUERIES)
    if event != query:
        return event
    kind = _kind_of_index(place.get("index") or "")
    if kind is not None:
        return kind == "event"
    if event or any(key in record for key in _OF_EVENTS):
        return True
    return str(place["file_path"]).startswith("events/")


def _has_any(record: Mapping[str, Any], keys: Iterable[str]) -> bool:
    return any(record.get(key) is not None for key in keys)


@lru_cache(maxsize=256)
def _kind_of_index(index: str) -> str | None:
    """Return `event` or `query` by the last such word in an index name: `events-berlin_ubi_queries` holds queries."""
    words = _KIND.findall(index.lower())
    return None if not words else "event" if words[-1] == "event" else "query"


def _query(record: Mapping[str, Any]) -> dict[str, Any]:
    query_id = record.get("query_id")
    if is_placeholder(query_id) and query_id:
        raise ValueError(
            f"query_id is wrong: {query_id!r} is a placeholder and would merge the requests of several users; "
            "let the logger write a query_id for each request"
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
    """Return the client. Before version 1.0 the field was `user_id`."""
    client = record.get("client_id")
    return record.get("user_id") if client is None or client == "" else client


def _text_of_query(record: Mapping[str, Any]) -> Any:
    """Return the query text. Before version 1.0 it was in `query`, which later versions use for other data."""
    text, asked = record.get("user_query"), record.get("query")
    return asked if text is None and isinstance(asked, str) and asked[:1] not in ("{", "[") else text


def _hits(record: Mapping[str, Any]) -> Any:
    """Return the returned items under any of their names. A list may be written as JSON text."""
    found = [value for name in HITS if (value := record.get(name)) is not None]
    hits = next((value for value in found if value), found[0] if found else None)
    return shapes.read_json(hits) if isinstance(hits, str) and hits[:1] == "[" else hits


def _item(attributes: Mapping[str, Any]) -> Any:
    """Return the first item id in `ITEMS`, or None."""
    for path in ITEMS:
        within, _, name = path.partition(".")
        found = _object(attributes.get(within), f"event_attributes.{within}").get(name)
        if found is not None and found != "":
            return found
    return None


def _position(attributes: Mapping[str, Any]) -> Any:
    """Return the logged position. In version 1.0 the ordinal was an object with an `index`."""
    ordinal = _object(attributes.get("position"), "event_attributes.position").get("ordinal")
    return ordinal.get("index") if isinstance(ordinal, dict) else ordinal


def _object(value: Any, name: str) -> Mapping[str, Any]:
    """Return a nested object, which Parquet files may hold as JSON text. A missing one is empty.

    Raises ValueError for a value that is not an object.
    """
    if isinstance(value, str):
        value = shapes.read_json(value)
    if value is None:
        return {}
    if not isinstance(value, dict):
        raise ValueError(f"{name} is wrong: it is not an object")
    return value


def _message(value: Any) -> str | None:
    return value if value is None or isinstance(value, str) else to_json(value)


def _others(record: Mapping[str, Any], read: frozenset[str]) -> str | None:
    """Return the fields without a column as JSON, or None if there are none."""
    others = {name: record[name] for name in record.keys() - read if record[name] is not None}
    return to_json(others) if others else None


def _first(record: Mapping[str, Any], names: Iterable[str]) -> Any:
    return next((record[name] for name in names if record.get(name) is not None), None)


def _is_foreign(record: Mapping[str, Any]) -> bool:
    """Return true for a record of another input. Judgments and features may have a query text as well."""
    names = NAMES.intersection(record)
    return not names or (names == {"user_query"} and not _OF_OTHERS.isdisjoint(record))


def _foreign(record: Mapping[str, Any]) -> str:
    """Return why a record without fields of UBI is refused, and what it may be instead."""
    names = sorted(map(str, record))
    shown = ", ".join(name[:40] for name in names[:_SHOWN]) + (", ..." if len(names) > _SHOWN else "")
    return f"not a UBI record: it has no field of a query or an event, but {shown or 'no field'}; {_meant(record)}"


def _meant(record: Mapping[str, Any]) -> str:
    if "hits" in record and "took" in record:
        return "this is a _search response without UBI records"
    if not {"grade", "rating", "judgmentRatings"}.isdisjoint(record):
        return "hand judgments in with JUDGMENTS= (folder landing/judgments)"
    if "features" in record:
        return "hand logged features in with FEATURES= (folder landing/feature_log)"
    if "object_id" in record:
        return "hand items in with ITEMS= (folder landing/items)"
    return "a query needs query_id and timestamp, an event needs action_name and timestamp"
