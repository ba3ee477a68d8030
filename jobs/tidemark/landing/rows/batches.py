"""Rows into Arrow batches of bounded size."""

from __future__ import annotations

from collections.abc import Iterable, Iterator

import pyarrow as pa

from tidemark.landing.job import Shape
from tidemark.landing.rows.checklist import Row

ROWS = 8_192
TEXT_BYTES = 16 << 20
"""A batch is handed on when it holds this many rows, or about this much text."""

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
    """The Arrow form of a landed dataset."""
    return pa.schema([pa.field(column.name, _ARROW[column.type]) for column in shape.columns])


def to_batches(rows: Iterable[tuple[int, Row]], schema: pa.Schema) -> Iterator[pa.RecordBatch]:
    """Batches of the rows, each of which comes with its size in bytes."""
    waiting: list[Row] = []
    size = 0
    for weight, row in rows:
        waiting.append(row)
        size += weight
        if len(waiting) >= ROWS or size >= TEXT_BYTES:
            yield _batch(waiting, schema)
            waiting, size = [], 0
    if waiting:
        yield _batch(waiting, schema)


def _batch(rows: list[Row], schema: pa.Schema) -> pa.RecordBatch:
    columns = zip(*rows, strict=True)
    arrays = [pa.array(values, field.type) for values, field in zip(columns, schema, strict=True)]
    return pa.RecordBatch.from_arrays(arrays, schema=schema)
