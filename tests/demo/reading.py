"""Read all file formats of the demo logs."""

from __future__ import annotations

import gzip
import json
from collections.abc import Iterator
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import pyarrow.parquet as pq


def log_files(home: Path) -> list[Path]:
    """Return the log files of a home, sorted by path within each folder."""
    folders = ("queries", "events", "logs")
    return sorted(p for f in folders for p in (home / "landing" / f).rglob("*") if p.is_file())


def readable(path: Path) -> Iterator[dict[str, Any]]:
    """Yield the records of a file that have a usable time, without nulls, with `timestamp` as a UTC datetime."""
    for record in _raw(path):
        when = _instant(record.get("timestamp")) if isinstance(record, dict) else None
        if when is not None and 2000 < when.year < 2090:
            yield {**record, "timestamp": when}


def broken_count(path: Path) -> int:
    """Count the entries of a file that are not records or have no usable time."""
    return sum(1 for _ in _raw(path)) - sum(1 for _ in readable(path))


def _raw(path: Path) -> Iterator[Any]:
    if path.suffix == ".parquet":
        yield from (_without_nulls(row) for row in pq.read_table(path).to_pylist())
        return
    content = path.read_bytes()
    text = (gzip.decompress(content) if path.suffix == ".gz" else content).decode()
    for line in text.splitlines():
        try:
            document = json.loads(line)
        except json.JSONDecodeError:
            document = None
        if not (isinstance(document, dict) and "index" in document):
            yield document


def _without_nulls(value: Any) -> Any:
    if not isinstance(value, dict):
        return value
    return {k: _without_nulls(v) for k, v in value.items() if v is not None}


def _instant(value: Any) -> datetime | None:
    if isinstance(value, int):
        return datetime.fromtimestamp(value / 1000, UTC)
    return datetime.fromisoformat(value) if isinstance(value, str) else value
