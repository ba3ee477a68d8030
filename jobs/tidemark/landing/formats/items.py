"""What a reader finds at a place of a file: a record, or a reason why there is none."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from typing import Any, NamedTuple

KEPT_TEXT = 64 * 1024
"""Bytes of a refused record that the quarantine keeps."""


class Found(NamedTuple):
    """A record at its place (line or row from 1); `bulk_index` and `key` are what a bulk action said."""

    place: int
    record: Mapping[str, Any]
    raw: bytes
    bulk_index: str | None = None
    key: str | None = None


class Refused(NamedTuple):
    """A place whose content is no record; 0 is the whole file. The reason is its kind, `: ` and details."""

    place: int
    reason: str
    raw: bytes = b""
    record: Mapping[str, Any] | None = None


Items = Iterator[Found | Refused]


def text_of(raw: bytes) -> str:
    """Content for people: cut, and with a mark where it is not UTF-8."""
    return raw[:KEPT_TEXT].decode("utf-8", "replace")
