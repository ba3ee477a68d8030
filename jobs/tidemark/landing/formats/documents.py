"""Files that consist of one JSON document over many lines."""

from __future__ import annotations

import zlib
from collections.abc import Callable

from tidemark.landing.formats.items import Items, Refused
from tidemark.landing.formats.jsontext import decode_json
from tidemark.landing.formats.lines import BOM, Read, split_lines
from tidemark.landing.formats.records import expand, record_at
from tidemark.landing.parsers import Parser

MAX_BYTES = 64 << 20
"""The largest file that is read as one document. Larger files must be JSON lines."""
_PEEKED = 64 << 10


def read_document(open_stream: Callable[[], Read], parser: Parser) -> Items | None:
    """Return the records of a file that is one JSON document, numbered from 1.

    Returns None if the file is to be read line by line.
    """
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
    """Return the refusal of a document that cannot be decoded.

    If its first line is only a bracket, no line of it is a record. Otherwise some lines may be records: then the
    result is None, and the file is read line by line.
    """
    if first not in (b"{", b"["):
        return None
    reason = f"not JSON: the document is broken or larger than {MAX_BYTES} bytes; deliver it again, or as JSON lines"
    return iter([Refused(0, reason, first)])


def _content(read: Read) -> bytes:
    limited = _at_most(MAX_BYTES + 1, read)
    content = b"".join(iter(lambda: limited(1 << 20), b""))
    if len(content) > MAX_BYTES:
        raise ValueError("too large")
    return content.removeprefix(BOM)


def _first_line(read: Read) -> bytes:
    """Return the first line that is not blank. Empty if there is none, or if the line is very long."""
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
    """Return a `read` that ends after `size` bytes."""
    left = size

    def limited(wanted: int) -> bytes:
        nonlocal left
        chunk = read(min(wanted, left)) if left else b""
        left -= len(chunk)
        return chunk

    return limited
