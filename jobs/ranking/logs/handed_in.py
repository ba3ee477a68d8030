"""What records that people hand in beside the logs have in common: an application, a query, names for one thing."""

import math
from collections.abc import Iterator, Mapping
from typing import Any

from ranking.logs.text import normalise
from ranking.logs.ubi import NO_APPLICATION

Record = Mapping[str, Any]
Place = Mapping[str, Any]
Rows = Iterator[tuple[str, dict[str, Any]]]

QUERY = ("user_query", "query", "query_text")
ITEM = ("object_id", "docId", "docid", "doc_id", "item_id")
REFUSED = "why nothing here is a record"
"""The one key of what stands in for a document that holds no record."""
_SAYS = {
    "JUDGMENTS": ("grade", "rating", "judgmentRatings"),
    "FEATURES": ("features",),
    "LOGS": ("action_name", "event_attributes", "query_response_hit_ids", "query_response_id", "query_attributes"),
}


def for_applications(dataset: str, row: dict[str, Any], record: Record, place: Place) -> Rows:
    """The row, for every application that the setting `handed_in` names if the record names none."""
    stated = first(record, "application")
    named = (place["settings"].get("handed_in") or {}).get("applications") or [NO_APPLICATION]
    for application in [stated] if stated else named:
        yield dataset, {"application": application, **row}


def query_of(record: Record) -> dict[str, Any]:
    """The query as written and in normal form. Raises ValueError where there is no text of a query."""
    text = first(record, *QUERY)
    if not isinstance(text, str):
        raise ValueError("user_query is missing" if text is None else "user_query is wrong: it is no text")
    return {"user_query": text, "query": normalise(text)}


def first(record: Record, *names: str) -> Any:
    """The value of the first of the names that has one; NaN is what tables write where there is none."""
    return next((record[name] for name in names if not is_missing(record.get(name))), None)


def is_missing(value: Any) -> bool:
    """Whether a value says nothing: null, empty, or NaN."""
    return value is None or value == "" or (isinstance(value, float) and math.isnan(value))


def hits_of(value: Record) -> list[Any] | None:
    """The hits of an answer of `_search`, whose `_source` are the records; None for anything else."""
    answer = value.get("hits")
    hits = answer.get("hits") if isinstance(answer, dict) else None
    return hits if isinstance(hits, list) and hits else None


def refuse_foreign(record: Record, wanted: str) -> None:
    """Raises ValueError, with the input that it belongs to, for a record of another input than `wanted`.

    A record without a name that is known here stays what it is: its first missing field is named.
    """
    if REFUSED in record:
        raise ValueError(record[REFUSED])
    if any(record.get(name) is not None for name in _SAYS.get(wanted, ())):
        return
    for other, names in _SAYS.items():
        found = next((name for name in names if record.get(name) is not None), None)
        if found is not None:
            raise ValueError(f"of another kind: a record with {found} is handed in with {other}=, not {wanted}=")
