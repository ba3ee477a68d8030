"""Detect the format of a file and read its records.

The formats are Parquet, and JSON lines, OpenSearch bulk files and single JSON documents, with or without gzip.
"""

from __future__ import annotations

import gzip
import zlib
from collections.abc import Callable
from pathlib import Path, PurePosixPath
from typing import IO

from tidemark.landing.formats.documents import read_document
from tidemark.landing.formats.items import Items, Refused
from tidemark.landing.formats.lines import BOM, Read, split_lines
from tidemark.landing.formats.parquet import read_parquet
from tidemark.landing.formats.records import LineReader
from tidemark.landing.parsers import Parser

_PARQUET = b"PAR1"
_GZIP = b"\x1f\x8b"
_PEEKED = 4096
EMPTY = "empty file: it contains no record; if it should contain records, deliver it again"
_COMPRESSED = {
    b"\x28\xb5\x2f\xfd": "zstd",
    b"BZh": "bzip2",
    b"\xfd7zXZ": "xz",
    b"PK\x03\x04": "zip",
    b"\x04\x22\x4d\x18": "lz4",
}
_OTHER = (".csv", ".tsv", ".xml", ".avro", ".orc", ".xlsx", ".tar")
_REMEDY = "deliver JSON lines or a bulk file (with or without gzip), or Parquet"


def read_items(path: str, parser: Parser, limit: int) -> Items:
    """Yield the records and refusals of a file, in the order of the file. No content makes it raise.

    `limit` is the longest line in bytes. A file of an unknown format is refused as a whole, at place 0.
    """
    with Path(path).open("rb") as stream:
        start = stream.read(8)
        if start.startswith(_PARQUET):
            yield from read_parquet(path)
            return
        opened = _opener(stream, start.startswith(_GZIP))
        reason = _reason_to_refuse(path, start, opened, parser)
        if reason:
            yield Refused(0, reason, start)
            return
        yield from _refuse_if_empty(_read_text(opened, parser, limit))


def _refuse_if_empty(items: Items) -> Items:
    """Yield the items, or a refusal if there are none: the file may have been truncated before its delivery."""
    first = next(items, None)
    if first is None:
        yield Refused(0, EMPTY)
        return
    yield first
    yield from items


def _read_text(open_stream: Callable[[], Read], parser: Parser, limit: int) -> Items:
    document = read_document(open_stream, parser)
    if document is not None:
        return document
    return LineReader(parser).read(split_lines(open_stream(), limit))


def _opener(stream: IO[bytes], compressed: bool) -> Callable[[], Read]:
    """Return a function that opens the stream at its start each time it is called."""

    def from_start() -> Read:
        stream.seek(0)
        # If a compressed stream ends early, read1 returns what was decompressed before that point; read does not.
        return gzip.GzipFile(fileobj=stream, mode="rb").read1 if compressed else stream.read

    return from_start


def _reason_to_refuse(path: str, start: bytes, open_stream: Callable[[], Read], parser: Parser) -> str | None:
    """Return why a file cannot be read, or None if it can. The file's name counts only if its text is not JSON."""
    for magic, compression in _COMPRESSED.items():
        if start.startswith(magic):
            return f"unknown format: {compression}; {_REMEDY}"
    name = PurePosixPath(path).name.lower()
    ending = PurePosixPath(name.removesuffix(".gz")).suffix
    if _begins_as_json(open_stream):
        return None
    if ending == ".parquet":
        problem = "the file is empty" if not start else "the file does not begin with PAR1"
        return f"broken Parquet: {problem}; deliver the file again"
    if ending in _OTHER and parser.text is None:
        return f"unknown format: {ending}; {_REMEDY}"
    return None


def _begins_as_json(open_stream: Callable[[], Read]) -> bool:
    try:
        start = open_stream()(_PEEKED)
    except (EOFError, OSError, zlib.error):
        return False
    return start.removeprefix(BOM).lstrip()[:1] in (b"{", b"[")
