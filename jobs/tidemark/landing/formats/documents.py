"""Files that are one JSON document over many lines."""

from __future__ import annotations

import zlib
from collections.abc import Callable

from tidemark.landing.formats.items import Items, Refused
from tidemark.landing.formats.jsontext import decode_json
from tidemark.landing.formats.lines import BOM, Read, split_lines
from tidemark.landing.formats.records import expand, record_at
from tidemark.landing.parsers import Parser

LARGEST = 64 << 20
"""Bytes up to which a file is read as one document; a larger one has to come as JSON lines."""
_PEEKED = 64 << 10


def read_document(open_stream: Callable[[], Read], parser: Parser) -> Items | None:
    """The records of a file that is one JSON document, numbered from 1; None if it is to be read by lines."""
    first = _first_line(open_stream())
    if first[:1] not in (b"{", b"[") or _is_json(first):
        return None
    try:
        value = decode_json(_content(open_stream()))
    except (ValueError, EOFError, OSError, zlib.error):
        return _broken(first)
    records = expand(value, parser)
    return (record_at(place, record, b"") for place, record in enumerate((value,) if records is None else records, 1))


def _broken(first: bytes) -> Items | None:
    """Where the first line is only a bracket no line is a record; else the good lines may be."""
    if first not in (b"{", b"["):
        return None
    reason = f"not JSON: a document broken or beyond {LARGEST} bytes; deliver it again, or as JSON lines"
    return iter([Refused(0, reason, first)])


def _content(read: Read) -> bytes:
    limited = _at_most(LARGEST + 1, read)
    content = b"".join(iter(lambda: limited(1 << 20), b""))
    if len(content) > LARGEST:
        raise ValueError("too large")
    return content.removeprefix(BOM)


def _first_line(read: Read) -> bytes:
    """The first line that is not blank, cut; empty where there is none."""
    for line in split_lines(_at_most(_PEEKED, read), _PEEKED):
        if isinstance(line, Refused):
            return b""
        if line.content.strip():
            return b"" if len(line.content) >= _PEEKED // 2 else line.content.strip()
    return b""


def _is_json(text: bytes) -> bool:
    try:
        decode_json(text)
    except ValueError:
        return False
    return True


def _at_most(size: int, read: Read) -> Read:
    left = size

    def limited(wanted: int) -> bytes:
        nonlocal left
        chunk = read(min(wanted, left)) if left else b""
        left -= len(chunk)
        return chunk

    return limited
