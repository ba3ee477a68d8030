"""The parser of the accounts domain."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from typing import Any


def parse(record: Mapping[str, Any], place: Mapping[str, Any]) -> Iterable[tuple[str, dict[str, Any]]]:
    """Yield the record as a row of the feed that its `kind` names: signups, plans or cancels."""
    kind = str(record["kind"])
    yield f"{kind}_feed", {key: record.get(key) for key in ("event_id", "account_id", "plan", "happened_at")}
