"""Parser of feature logs: the features that a search engine computed for a query and an item."""

import math
import unicodedata
from collections.abc import Iterable
from typing import Any

from ranking.logs.handed_in import ITEM, Place, Record, Rows, first, for_applications, hits_of, query_of, refuse_foreign

parse_document = hits_of
_NO_NUMBER = frozenset(("nan", "inf", "-inf", "+inf", "infinity", "-infinity", "null", "none", ""))
"""Texts that stand for a missing number."""
_SHAPE = "features is wrong: it is neither a map from name to number nor a list of names and values"


def parse(record: Record, place: Place) -> Rows:
    """Parse a record whose `features` are a map or a list of names and numbers.

    Raises ValueError for a record of another input, or with features or a query that cannot be read.
    """
    refuse_foreign(record, "FEATURES")
    row = {
        **query_of(record, place),
        "item_id": first(record, *ITEM),
        "logged_at": first(record, "logged_at", "timestamp"),
        "features": features_of(record.get("features")),
    }
    yield from for_applications("feature_log", row, record, place)


def features_of(value: Any) -> dict[str, Any] | None:
    """Return the numbers by name, and None for None. A feature whose value is missing, NaN or infinite has no entry.

    Raises ValueError for two names that look the same, and for a value that is neither a map nor a list of names and
    values.
    """
    if value is None:
        return None
    found: dict[str, Any] = {}
    written: dict[str, str] = {}
    for name, number in _pairs(value):
        plain = plain_name(name)
        if plain in written:
            raise ValueError(
                f"features is wrong: the names {written[plain]!r:.60} and {name!r:.60} look the same; rename one"
            )
        written[plain] = name
        if not has_no_number(number):
            found[plain] = number
    return found


def plain_name(name: Any) -> str:
    """Return a name in composed form (NFC), without blanks at its ends and without invisible characters.

    Raises ValueError if it is not a text or is empty.
    """
    if not isinstance(name, str):
        raise ValueError(f"features is wrong: {name!r:.60} is not a name")
    words = " ".join(unicodedata.normalize("NFC", name).split())
    plain = "".join(letter for letter in words if unicodedata.category(letter) not in ("Cf", "Cc")).strip()
    if not plain:
        raise ValueError("features is wrong: a feature has an empty name")
    return plain


def has_no_number(number: Any) -> bool:
    """Return true if a value means that there is no number: null, NaN, infinity, or a word for one of them."""
    if isinstance(number, str):
        return number.strip().lower() in _NO_NUMBER
    return number is None or (isinstance(number, float) and not math.isfinite(number))


def _pairs(value: Any) -> Iterable[tuple[Any, Any]]:
    """Return the names and values of a map, of a list of objects with name and value, or of a Parquet map (pairs)."""
    if isinstance(value, dict):
        return value.items()
    if not isinstance(value, list):
        raise ValueError(_SHAPE)
    if all(isinstance(one, dict) and "name" in one for one in value):
        return [(one["name"], one.get("value")) for one in value]
    if all(isinstance(one, tuple) and len(one) == 2 for one in value):
        return value
    raise ValueError(_SHAPE)
