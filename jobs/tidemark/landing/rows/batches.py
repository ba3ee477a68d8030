"""Collect rows in Arrow batches of bounded size."""

from __future__ import annotations

from collections.abc import Iterable, Iterator

import pyarrow as pa

from tidemark.landing.job import Shape
from tidemark.landing.rows.checklist import Row

BATCH_ROWS = 8_192
BATCH_BYTES = 16 << 20
"""A batch is complete when it has this many rows, or when its records have this many bytes of text."""

_ARROW: dict[str, pa.DataType] = {
    "string": pa.string(),
    "int": pa.int32(),
    "long": pa.int64(),
    "double": pa.float64(),
    "boolean": pa.bool_(),
    "timestamp": pa.timestamp("us", tz="UTC"),
    "list<string>": pa.list_(pa.string()),
    "map<string,double>": pa.map_(pa.string(), pa.float64()),
}


def arrow_schema(shape: Shape) -> pa.Schema:
    """Return the Arrow schema of a landed dataset. All columns may be null."""
    return pa.schema([pa.field(column.name, _ARROW[column.type]) for column in shape.columns])


def to_batches(rows: Iterable[tuple[int, Row]], schema: pa.Schema) -> Iterator[pa.RecordBatch]:
    """Yield batches of the rows. Each row comes with the size of its record in bytes."""
    waiting: list[Row] = []
    size = 0
    for weight, row in rows:
        waiting.append(row)
        size += weight
        if len(waiting) >= BATCH_ROWS or size >= BATCH_BYTES:
            yield _batch(waiting, schema)
            waiting, size = [], 0
    if waiting:
        yield _batch(waiting, schema)


def _batch(rows: list[Row], schema: pa.Schema) -> pa.RecordBatch:
    columns = zip(*rows, strict=True)
    arrays = [pa.array(values, field.type) for values, field in zip(columns, schema, strict=True)]
    return pa.RecordBatch.from_arrays(arrays, schema=schema)
