"""OpenSearch bulk files: an action line, then the document that it is about."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any, NamedTuple

from tidemark.landing.formats.items import Refused

ACTIONS = ("index", "create", "update", "delete")


class Action(NamedTuple):
    """What an action line says: kind, index and id of the document in the next line."""

    place: int
    kind: str
    bulk_index: str | None
    key: str | None
    raw: bytes

    @property
    def refusal(self) -> str | None:
        """Why its document cannot be taken in; None if it can."""
        if self.kind == "delete":
            return "bulk delete: records are only taken in, never taken out"
        if self.kind == "update":
            return "bulk update: only index and create carry a whole record"
        return None

    def alone(self) -> Refused:
        """The refusal of an action that no document follows."""
        return Refused(self.place, "bulk action without its document", self.raw)


def action_of(place: int, value: Any, raw: bytes) -> Action | None:
    """The action that a JSON value is; None if it is anything else."""
    if not isinstance(value, dict) or len(value) != 1:
        return None
    ((kind, about),) = value.items()
    if kind not in ACTIONS or not isinstance(about, dict):
        return None
    return Action(place, kind, *named(about), raw)


def named(about: Mapping[str, Any]) -> tuple[str | None, str | None]:
    """Index and id, as bulk actions and search hits have them."""
    index, key = about.get("_index"), about.get("_id")
    return (
        index if isinstance(index, str) else None,
        str(key) if isinstance(key, str | int) and key != "" else None,
    )
