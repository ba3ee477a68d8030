"""Items as a catalogue hands them in."""

import math
from typing import Any

from ranking.logs.handed_in import Place, Record, Rows, first, for_applications, hits_of
from ranking.logs.ubi import to_json

_OWN = ("application", "object_id", "item_id", "valid_from")

parse_document = hits_of


def parse(record: Record, place: Place) -> Rows:
    """An item with all its attributes as JSON; `valid_from` says since when they hold."""
    if record.get("user_query") is not None:
        raise ValueError("of another kind: a record with user_query is no item; hand it in as judgment, feature or log")
    row = {
        "item_id": first(record, "object_id", "item_id"),
        "attributes": to_json({name: _said(value) for name, value in record.items() if name not in _OWN}),
        "valid_from": first(record, "valid_from"),
    }
    yield from for_applications("catalog_items", row, record, place)


def _said(value: Any) -> Any:
    """The value with null for each NaN and infinity in it: tables write them for what is missing, JSON cannot."""
    if isinstance(value, dict):
        return {name: _said(inner) for name, inner in value.items()}
    if isinstance(value, list | tuple):
        return [_said(inner) for inner in value]
    return None if isinstance(value, float) and not math.isfinite(value) else value
