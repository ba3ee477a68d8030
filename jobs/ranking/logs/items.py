"""Parser of catalogue items."""

import math
from typing import Any

from ranking.logs.handed_in import Place, Record, Rows, first, for_applications, hits_of
from ranking.logs.ubi import to_json

_OWN = ("application", "object_id", "item_id", "valid_from")

parse_document = hits_of


def parse(record: Record, place: Place) -> Rows:
    """Parse an item. All fields but its id, application and `valid_from` become its attributes, as JSON.

    `valid_from` is the time from which the attributes hold. Raises ValueError for a record with a query text.
    """
    if record.get("user_query") is not None:
        raise ValueError(
            "wrong input: a record with user_query is not an item; hand it in as a judgment, logged feature or log"
        )
    row = {
        "item_id": first(record, "object_id", "item_id"),
        "attributes": to_json({name: _finite(value) for name, value in record.items() if name not in _OWN}),
        "valid_from": first(record, "valid_from"),
    }
    yield from for_applications("catalog_items", row, record, place)


def _finite(value: Any) -> Any:
    """Replace NaN and infinity anywhere in a value by null, because JSON has no such numbers."""
    if isinstance(value, dict):
        return {name: _finite(inner) for name, inner in value.items()}
    if isinstance(value, list | tuple):
        return [_finite(inner) for inner in value]
    return None if isinstance(value, float) and not math.isfinite(value) else value
