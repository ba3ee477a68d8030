"""The parser of the benches' landing folder."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from typing import Any

COLUMNS = ("query_id", "item_id", "shown_at", "device", "position", "clicks", "dwell", "price")


def parse(record: Mapping[str, Any], place: Mapping[str, Any]) -> Iterable[tuple[str, dict[str, Any]]]:
    """Yield each record as a row of `events`."""
    yield "events", {name: record.get(name) for name in COLUMNS}
