"""The items that a reader finds in a file: records, and refusals with a reason."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from typing import Any, NamedTuple

KEPT_TEXT = 64 * 1024
"""The number of bytes of a refused record that the quarantine stores."""


class Found(NamedTuple):
    """A record at its place: its line or row, counted from 1.

    `bulk_index` and `key` are index and id from its bulk action or search hit, None without one. `raw` is the record's
    text, empty if it has none of its own.
    """

    place: int
    record: Mapping[str, Any]
    raw: bytes
    bulk_index: str | None = None
    key: str | None = None


class Refused(NamedTuple):
    """A place whose content is not a record. Place 0 stands for the whole file.

    The reason begins with its kind, which `tidemark quarantined` counts by; `: ` and details may follow.
    """

    place: int
    reason: str
    raw: bytes = b""
    record: Mapping[str, Any] | None = None


Items = Iterator[Found | Refused]


def text_of(raw: bytes) -> str:
    """Return content as text for people: at most KEPT_TEXT bytes, with a replacement character for invalid UTF-8."""
    return raw[:KEPT_TEXT].decode("utf-8", "replace")
