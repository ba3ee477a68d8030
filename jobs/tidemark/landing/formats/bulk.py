"""OpenSearch bulk files: each action line is followed by the line of its document."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any, NamedTuple

from tidemark.landing.formats.items import Refused

ACTIONS = ("index", "create", "update", "delete")


class Action(NamedTuple):
    """An action line: its kind, and index and id (`key`) of the document in the next line."""

    place: int
    kind: str
    bulk_index: str | None
    key: str | None
    raw: bytes

    @property
    def refusal(self) -> str | None:
        """The reason why the document cannot land, or None if it can."""
        if self.kind == "delete":
            return "bulk delete: landing adds records and cannot delete them"
        if self.kind == "update":
            return "bulk update: an update holds only a part of a record; deliver the whole record as index or create"
        return None

    def without_document(self) -> Refused:
        """Return the refusal of an action that is not followed by a document."""
        return Refused(self.place, "bulk action without its document", self.raw)


def action_of(place: int, value: Any, raw: bytes) -> Action | None:
    """Return the action that a JSON value represents, None if it is not an action."""
    if not isinstance(value, dict) or len(value) != 1:
        return None
    ((kind, metadata),) = value.items()
    if kind not in ACTIONS or not isinstance(metadata, dict):
        return None
    return Action(place, kind, *index_and_id(metadata), raw)


def index_and_id(metadata: Mapping[str, Any]) -> tuple[str | None, str | None]:
    """Return `_index` and `_id` from the metadata of a bulk action or of a search hit."""
    index, key = metadata.get("_index"), metadata.get("_id")
    return (
        index if isinstance(index, str) else None,
        str(key) if isinstance(key, str | int) and key != "" else None,
    )
