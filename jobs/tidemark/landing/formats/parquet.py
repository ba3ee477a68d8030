"""Records of Parquet files: a row is a record, its place the number of the row."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

import pyarrow as pa
import pyarrow.parquet as pq

from tidemark.landing.formats.items import Found, Items, Refused

ROWS = 2_000
"""Rows turned into Python values at a time."""


def read_parquet(path: str) -> Items:
    """The rows of a file. A broken file is refused as place 0, after the rows before its broken part."""
    place = 0
    try:
        with pq.ParquetFile(path, page_checksum_verification=True) as file:
            for batch in file.iter_batches(batch_size=ROWS, use_threads=False):
                for record in _records(batch):
                    place += 1
                    yield _item(place, record)
    except Exception as error:  # spoilt bytes make the library raise anything, and one file must not stop the session
        what = " ".join(str(error).split())[:300]
        yield Refused(0, f"broken Parquet: after row {place}: {what}; deliver the file again")


def _records(batch: pa.RecordBatch) -> list[Mapping[str, Any] | str]:
    try:
        return list(batch.to_pylist())
    except (ValueError, OverflowError):
        return [_one(batch.slice(row, 1)) for row in range(batch.num_rows)]


def _one(row: pa.RecordBatch) -> Mapping[str, Any] | str:
    try:
        record: Mapping[str, Any] = row.to_pylist()[0]
    except (ValueError, OverflowError) as error:
        return str(error)
    return record


def _item(place: int, record: Mapping[str, Any] | str) -> Found | Refused:
    if isinstance(record, str):
        return Refused(place, f"unreadable value: {record}")
    return Found(place, record, b"")
