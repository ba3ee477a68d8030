"""Records of Parquet files: a row is a record, its place the number of the row.

Values become what the same record would hold as JSON, by the type of their column: a map is an object, bytes are text
(in hexadecimal digits if they are none), a UUID is its usual form, a decimal a number.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from decimal import Decimal
from typing import Any
from uuid import UUID

import pyarrow as pa
import pyarrow.parquet as pq

from tidemark.landing.formats.items import Found, Items, Refused

ROWS = 2_000
"""Rows turned into Python values at a time."""
_LONG = 1 << 63

Plain = Callable[[Any], Any]


def read_parquet(path: str) -> Items:
    """The rows of a file. A broken file is refused as place 0, after the rows before its broken part."""
    place = 0
    try:
        with pq.ParquetFile(path, page_checksum_verification=True) as file:
            plain = {field.name: make for field in file.schema_arrow if (make := _plain(field.type))}
            for batch in file.iter_batches(batch_size=ROWS, use_threads=False):
                for record in _records(batch):
                    place += 1
                    yield _item(place, record, plain)
    except Exception as error:  # spoilt bytes make the library raise anything, and one file must not stop the session
        what = " ".join(str(error).split())[:300]
        yield Refused(0, f"broken Parquet: after row {place}: {what}; deliver the file again")


def _records(batch: pa.RecordBatch) -> list[dict[str, Any] | str]:
    try:
        return list(batch.to_pylist())
    except (ValueError, OverflowError):
        return [_one(batch.slice(row, 1)) for row in range(batch.num_rows)]


def _one(row: pa.RecordBatch) -> dict[str, Any] | str:
    """A row, or what is wrong with it and in which column."""
    record: dict[str, Any] = {}
    for name, column in zip(row.schema.names, row.columns, strict=True):
        try:
            record[name] = column.to_pylist()[0]
        except (ValueError, OverflowError) as error:
            return f"column {name}: {error}"
    return record


def _item(place: int, record: dict[str, Any] | str, plain: Mapping[str, Plain]) -> Found | Refused:
    if isinstance(record, str):
        return Refused(place, f"unreadable value: {record}")
    for name, make in plain.items():
        if record[name] is not None:
            record[name] = make(record[name])
    return Found(place, record, b"")


def _plain(kind: pa.DataType) -> Plain | None:
    """Turns a value of a column that is not null into what JSON has; None where it is that already."""
    if pa.types.is_map(kind):
        return _object_of(_plain(kind.key_type), _plain(kind.item_type))
    if pa.types.is_struct(kind):
        fields = {field.name: make for field in kind if (make := _plain(field.type))}
        return _struct_of(fields) if fields else None
    if pa.types.is_list(kind) or pa.types.is_large_list(kind) or pa.types.is_fixed_size_list(kind):
        element = _plain(kind.value_type)
        return _list_of(element) if element else None
    if pa.types.is_dictionary(kind):
        return _plain(kind.value_type)
    return _scalar if isinstance(kind, pa.BaseExtensionType) or _is_foreign(kind) else None


def _is_foreign(kind: pa.DataType) -> bool:
    """Whether JSON has no such values."""
    binary = (pa.types.is_binary, pa.types.is_large_binary, pa.types.is_fixed_size_binary, pa.types.is_binary_view)
    return pa.types.is_decimal(kind) or any(is_one(kind) for is_one in binary)


def _object_of(key: Plain | None, item: Plain | None) -> Plain:
    def make(pairs: Any) -> dict[str, Any]:
        return {str(key(k) if key else k): item(v) if item and v is not None else v for k, v in pairs}

    return make


def _struct_of(fields: Mapping[str, Plain]) -> Plain:
    def make(value: Any) -> dict[str, Any]:
        changed = {name: make(value[name]) for name, make in fields.items() if value[name] is not None}
        return {**value, **changed}

    return make


def _list_of(element: Plain) -> Plain:
    return lambda values: [None if value is None else element(value) for value in values]


def _scalar(value: Any) -> Any:
    if isinstance(value, bytes):
        return _text(value)
    if isinstance(value, Decimal):
        return _number(value)
    return str(value) if isinstance(value, UUID) else value


def _text(value: bytes) -> str:
    try:
        text = value.decode("utf-8")
    except UnicodeDecodeError:
        return value.hex()
    return text if text.isprintable() else value.hex()


def _number(value: Decimal) -> int | float | str:
    """A number as JSON has it; a whole one of more digits than a long holds is an id, and stays text."""
    if value != value.to_integral_value():
        return float(value)
    return int(value) if abs(value) < _LONG else format(value, ".0f")
