"""Files of a home: written whole or not at all, and left alone when they are already right."""

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
"""Files of the demo look at least this old, so that nobody waits for them to stand still."""


def write_file(path: Path, content: bytes, written_at: datetime | None = None) -> None:
    """Put `content` at `path` in one step; a file that holds it already is not touched."""
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
    """Lines as UTF-8, each ended by a newline."""
    return "".join(f"{line}\n" for line in lines).encode()


def gzip_bytes(content: bytes) -> bytes:
    """Compressed, without a time inside: equal content gives equal bytes."""
    return gzip.compress(content, compresslevel=4, mtime=0)


def parquet_bytes(table: pa.Table) -> bytes:
    """The table as one Parquet file."""
    buffer = io.BytesIO()
    pq.write_table(table, buffer, compression="zstd")
    return buffer.getvalue()


def json_bytes(data: Any) -> bytes:
    """Indented JSON for people."""
    return (json.dumps(data, indent=1) + "\n").encode()
