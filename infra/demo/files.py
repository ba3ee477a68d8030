"""Write files of a home atomically, and do not touch files that already have the right content."""

from __future__ import annotations

import gzip
import io
import json
import os
import time
from collections.abc import Iterable
from datetime import datetime
from pathlib import Path
from typing import Any

import pyarrow as pa
import pyarrow.parquet as pq

SETTLED_S = 3_600
"""The least age of the demo's files, by their modification time, so that landing does not wait for them to settle."""


def write_file(path: Path, content: bytes, written_at: datetime | None = None) -> None:
    """Write `content` to `path` atomically. A file that already has this content is not touched.

    `written_at` becomes the modification time, or SETTLED_S before now if that is earlier.
    """
    if path.exists() and path.stat().st_size == len(content) and path.read_bytes() == content:
        return
    path.parent.mkdir(parents=True, exist_ok=True)
    draft = path.with_name(path.name + ".tmp")
    draft.write_bytes(content)
    if written_at is not None:
        stamp = min(written_at.timestamp(), time.time() - SETTLED_S)
        os.utime(draft, (stamp, stamp))
    draft.replace(path)


def text_bytes(lines: Iterable[str]) -> bytes:
    """Return the lines as UTF-8, each ended by a newline."""
    return "".join(f"{line}\n" for line in lines).encode()


def gzip_bytes(content: bytes) -> bytes:
    """Compress without a time stamp, so that equal content gives equal bytes."""
    return gzip.compress(content, compresslevel=4, mtime=0)


def parquet_bytes(table: pa.Table) -> bytes:
    """Return the table as a Parquet file."""
    buffer = io.BytesIO()
    pq.write_table(table, buffer, compression="zstd")
    return buffer.getvalue()


def json_bytes(data: Any) -> bytes:
    """Return the data as indented JSON."""
    return (json.dumps(data, indent=1) + "\n").encode()
