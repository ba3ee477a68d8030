"""Read records from Parquet files. Each row is a record, and its place is the number of the row.

Values are converted to what the same record would contain as JSON, by the type of their column: a map becomes an
object, bytes become text (hexadecimal digits if they are not printable UTF-8), a UUID its usual text form, a decimal a
number.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from decimal import Decimal
from typing import Any
from uuid import UUID

import pyarrow as pa
import pyarrow.parquet as pq

from tidemark.landing.formats.items import Found, Items, Refused

BATCH_ROWS = 2_000
"""The number of rows that are converted to Python values at a time."""
_LONG = 1 << 63

Converter = Callable[[Any], Any]
"""Converts a value that is not null to what JSON would contain."""


def read_parquet(path: str) -> Items:
    """Yield the rows of a file. A broken file is refused at place 0, after the rows before its broken part."""
    place = 0
    try:
        with pq.ParquetFile(path, page_checksum_verification=True) as file:
            converters = {field.name: convert for field in file.schema_arrow if (convert := _converter(field.type))}
            for batch in file.iter_batches(batch_size=BATCH_ROWS, use_threads=False):
                for record in _records(batch):
                    place += 1
                    yield _item(place, record, converters)
    except Exception as error:  # On corrupt bytes the library raises anything. One file must not stop the session.
        problem = " ".join(str(error).split())[:300]
        yield Refused(0, f"broken Parquet: after row {place}: {problem}; deliver the file again")


def _records(batch: pa.RecordBatch) -> list[dict[str, Any] | str]:
    try:
        return list(batch.to_pylist())
    except (ValueError, OverflowError):
        return [_record(batch.slice(row, 1)) for row in range(batch.num_rows)]


def _record(row: pa.RecordBatch) -> dict[str, Any] | str:
    """Return a row as a record, or a text that names the first column whose value cannot be read, and why."""
    record: dict[str, Any] = {}
    for name, column in zip(row.schema.names, row.columns, strict=True):
        try:
            record[name] = column.to_pylist()[0]
        except (ValueError, OverflowError) as error:
            return f"column {name}: {error}"
    return record


def _item(place: int, record: dict[str, Any] | str, converters: Mapping[str, Converter]) -> Found | Refused:
    if isinstance(record, str):
        return Refused(place, f"unreadable value: {record}")
    for name, convert in converters.items():
        if record[name] is not None:
            record[name] = convert(record[name])
    return Found(place, record, b"")


def _converter(kind: pa.DataType) -> Converter | None:
    """Return the converter for values of an Arrow type, None if its values need no conversion."""
    if pa.types.is_map(kind):
        return _map_converter(_converter(kind.key_type), _converter(kind.item_type))
    if pa.types.is_struct(kind):
        fields = {field.name: convert for field in kind if (convert := _converter(field.type))}
        return _struct_converter(fields) if fields else None
    if pa.types.is_list(kind) or pa.types.is_large_list(kind) or pa.types.is_fixed_size_list(kind):
        element = _converter(kind.value_type)
        return _list_converter(element) if element else None
    if pa.types.is_dictionary(kind):
        return _converter(kind.value_type)
    return _convert_scalar if isinstance(kind, pa.BaseExtensionType) or _is_unknown_to_json(kind) else None


def _is_unknown_to_json(kind: pa.DataType) -> bool:
    """Return whether JSON has no values of an Arrow type."""
    binary = (pa.types.is_binary, pa.types.is_large_binary, pa.types.is_fixed_size_binary, pa.types.is_binary_view)
    return pa.types.is_decimal(kind) or any(is_one(kind) for is_one in binary)


def _map_converter(key: Converter | None, item: Converter | None) -> Converter:
    def convert_map(pairs: Any) -> dict[str, Any]:
        return {str(key(k) if key else k): item(v) if item and v is not None else v for k, v in pairs}

    return convert_map


def _struct_converter(fields: Mapping[str, Converter]) -> Converter:
    def convert_struct(value: Any) -> dict[str, Any]:
        changed = {name: convert(value[name]) for name, convert in fields.items() if value[name] is not None}
        return {**value, **changed}

    return convert_struct


def _list_converter(element: Converter) -> Converter:
    return lambda values: [None if value is None else element(value) for value in values]


def _convert_scalar(value: Any) -> Any:
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
    """Return a decimal as a JSON number. A whole number beyond the range of a long is an id and becomes text."""
    if value != value.to_integral_value():
        return float(value)
    return int(value) if abs(value) < _LONG else format(value, ".0f")
