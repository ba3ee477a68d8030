"""Split a byte stream into lines of bounded length, whatever it contains."""

from __future__ import annotations

import zlib
from collections.abc import Callable, Iterator
from gzip import BadGzipFile
from typing import NamedTuple

from tidemark.landing.formats.items import KEPT_TEXT, Refused

CHUNK = 1 << 20
BOM = b"\xef\xbb\xbf"

Read = Callable[[int], bytes]
"""Returns at most the given number of bytes, possibly fewer, and none at the end of the stream."""


class Line(NamedTuple):
    """A line without its line break. Numbers count from 1."""

    number: int
    content: bytes


def split_lines(read: Read, limit: int) -> Iterator[Line | Refused]:
    """Yield the lines of a stream without keeping more than about `limit` bytes of a line in memory.

    A longer line is refused and skipped. If a compressed stream ends early, the incomplete last line is refused with
    the reason, and nothing follows.
    """
    number, rest, head = 0, b"", None
    while True:
        try:
            chunk = read(CHUNK)
        except (EOFError, BadGzipFile, zlib.error) as error:
            yield Refused(number + 1, f"broken gzip: {error}; deliver the file again", rest)
            return
        if not chunk:
            break
        *whole, rest = (rest + chunk).split(b"\n")
        for content in whole:
            number += 1
            yield _line(number, content, head, limit)
            head = None
        if len(rest) > limit or head is not None:
            head, rest = (rest[:KEPT_TEXT] if head is None else head), b""
    if rest or head is not None:
        yield _line(number + 1, rest, head, limit)


def _line(number: int, content: bytes, head: bytes | None, limit: int) -> Line | Refused:
    if head is not None or len(content) > limit:
        start = content[:KEPT_TEXT] if head is None else head
        return Refused(number, f"line too long: more than {limit} bytes (landing.longest_line)", start)
    return Line(number, content.removeprefix(BOM) if number == 1 else content)
