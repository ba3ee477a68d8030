"""Search logs as UBI 1.3 (User Behavior Insights) writes them: queries and events, mixed or not."""

import json
from collections.abc import Iterable, Mapping
from typing import Any

NO_APPLICATION = "unknown"
_OF_EVENTS = ("action_name", "event_attributes")
_OF_QUERIES = ("query_response_id", "query_response_hit_ids", "query_attributes")
_ENCODER = json.JSONEncoder(
    sort_keys=True,
    separators=(",", ":"),
    allow_nan=False,
    default=str,
    ensure_ascii=False,
    check_circular=False,
)


def parse(record: Mapping[str, Any], place: Mapping[str, Any]) -> Iterable[tuple[str, dict[str, Any]]]:
    """A row of search_queries or of search_events. Raises ValueError for a record that is neither."""
    if _is_event(record, place):
        yield "search_events", _event(record)
    else:
        yield "search_queries", _query(record)


def to_json(value: Any) -> str | None:
    """An attribute as JSON text, keys sorted; text that is JSON already is kept. Raises ValueError."""
    if value is None:
        return None
    if isinstance(value, str):
        value = _read_json(value)
    try:
        return _ENCODER.encode(value)
    except (TypeError, ValueError, RecursionError) as error:
        raise ValueError(f"unreadable attributes: {error}") from None


def _is_event(record: Mapping[str, Any], place: Mapping[str, Any]) -> bool:
    """By the index of a bulk file, else by what only events or only queries say, else by the folder.

    A row of a Parquet file has the columns of both, so a value tells more than a key. A key without its value is
    still a sign: an event without its name must not pass for a query.
    """
    index = place.get("index") or ""
    if "event" in index or "quer" in index:
        return "event" in index
    if _says(record, _OF_EVENTS):
        return True
    if _says(record, _OF_QUERIES):
        return False
    if any(key in record for key in _OF_EVENTS):
        return True
    return str(place["file_path"]).startswith("events/")


def _says(record: Mapping[str, Any], keys: Iterable[str]) -> bool:
    return any(record.get(key) is not None for key in keys)


def _query(record: Mapping[str, Any]) -> dict[str, Any]:
    return {
        "application": record.get("application") or NO_APPLICATION,
        "queried_at": record.get("timestamp"),
        "query_id": record.get("query_id"),
        "client_id": record.get("client_id"),
        "user_query": record.get("user_query"),
        "query_response_id": record.get("query_response_id"),
        "query_response_hit_ids": record.get("query_response_hit_ids"),
        "query_attributes": to_json(record.get("query_attributes")),
    }


def _event(record: Mapping[str, Any]) -> dict[str, Any]:
    attributes = _object(record.get("event_attributes"), "event_attributes")
    return {
        "application": record.get("application") or NO_APPLICATION,
        "occurred_at": record.get("timestamp"),
        "action_name": record.get("action_name"),
        "query_id": record.get("query_id"),
        "client_id": record.get("client_id"),
        "session_id": record.get("session_id") or attributes.get("session_id"),
        "user_query": record.get("user_query"),
        "message": _message(record.get("message")),
        "item_id": _object(attributes.get("object"), "event_attributes.object").get("object_id"),
        "position": _object(attributes.get("position"), "event_attributes.position").get("ordinal"),
        "event_attributes": to_json(attributes) if attributes else None,
    }


def _object(value: Any, name: str) -> Mapping[str, Any]:
    """A nested object, which Parquet files may hold as JSON text; an absent one is empty."""
    if isinstance(value, str):
        value = _read_json(value)
    if value is None:
        return {}
    if not isinstance(value, dict):
        raise ValueError(f"{name} is wrong: it is no object")
    return value


def _message(value: Any) -> str | None:
    return value if value is None or isinstance(value, str) else to_json(value)


def _read_json(text: str) -> Any:
    """JSON inside text; text that is none is a plain value."""
    try:
        return json.loads(text) if text else None
    except (ValueError, RecursionError):
        return text
