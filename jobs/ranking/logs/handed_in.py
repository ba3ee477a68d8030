"""What the parsers of judgments, items and logged features share: application, query and alternative field names."""

import math
from collections.abc import Iterator, Mapping
from typing import Any

from ranking.logs.text import QueryText, normalise
from ranking.logs.ubi import NO_APPLICATION

Record = Mapping[str, Any]
Place = Mapping[str, Any]
Rows = Iterator[tuple[str, dict[str, Any]]]

QUERY = ("user_query", "query", "query_text")
ITEM = ("object_id", "docId", "docid", "doc_id", "item_id")
REFUSED = "why nothing here is a record"
"""The only key of a record that stands for a document without records; its value is the reason."""
_FIELDS = {
    "JUDGMENTS": ("grade", "rating", "judgmentRatings"),
    "FEATURES": ("features",),
    "LOGS": ("action_name", "event_attributes", "query_response_hit_ids", "query_response_id", "query_attributes"),
}


def for_applications(dataset: str, row: dict[str, Any], record: Record, place: Place) -> Rows:
    """Yield the row for the application that the record names.

    If it names none, yield the row once for each application of the setting `handed_in`.
    """
    stated = first(record, "application")
    named = (place["settings"].get("handed_in") or {}).get("applications") or [NO_APPLICATION]
    for application in [stated] if stated else named:
        yield dataset, {"application": application, **row}


def query_of(record: Record, place: Place) -> dict[str, Any]:
    """Return the query text as written, and in the normal form of the setting `query_text` at landing.

    Raises ValueError if it is missing or not a text.
    """
    text = first(record, *QUERY)
    if not isinstance(text, str):
        raise ValueError("user_query is missing" if text is None else "user_query is wrong: it is not a text")
    return {"user_query": text, "query": normalise(text, QueryText.of(place["settings"]))}


def first(record: Record, *names: str) -> Any:
    """Return the value of the first of the names that has one, or None. NaN counts as missing, as tables write it."""
    return next((record[name] for name in names if not is_missing(record.get(name))), None)


def is_missing(value: Any) -> bool:
    """Return true if a value is null, empty or NaN."""
    return value is None or value == "" or (isinstance(value, float) and math.isnan(value))


def hits_of(value: Record) -> list[Any] | None:
    """Return the hits of a `_search` response, whose `_source` are the records; None for any other object."""
    answer = value.get("hits")
    hits = answer.get("hits") if isinstance(answer, dict) else None
    return hits if isinstance(hits, list) and hits else None


def refuse_foreign(record: Record, wanted: str) -> None:
    """Raise ValueError for a record that belongs to another input than `wanted`, with the name of that input.

    A record without any of the known fields passes, so that its parser names the first missing field.
    """
    if REFUSED in record:
        raise ValueError(record[REFUSED])
    if any(record.get(name) is not None for name in _FIELDS.get(wanted, ())):
        return
    for other, names in _FIELDS.items():
        found = next((name for name in names if record.get(name) is not None), None)
        if found is not None:
            raise ValueError(f"wrong input: a record with {found} belongs to {other}=, not to {wanted}=")
