"""Convert specs to Iceberg schemas, partition specs and table properties, and back.

    string  -> string      boolean   -> boolean        list<T>       -> list, null elements allowed
    int     -> int         date      -> date           map<string,T> -> map, null values allowed
    long    -> long        timestamp -> timestamptz    decimal(p,s)  -> decimal(p, s)
    double  -> double      binary    -> binary

A column's meaning and unit become its doc; the grain becomes the identifier fields. The conversion loses the checks
(min, max, one_of, max_length) and the order of the grain. It loses the whole grain if it contains a double, because
Iceberg allows no double in identifier fields. Types that no spec writes are not read back: float, time, timestamp
without zone, uuid, fixed, struct and others.
"""

from __future__ import annotations

from collections.abc import Iterator
from itertools import count
from typing import Any

from pyiceberg import types as I
from pyiceberg.partitioning import PartitionField, PartitionSpec
from pyiceberg.schema import Schema
from pyiceberg.transforms import DayTransform, HourTransform, IdentityTransform, MonthTransform, Transform

from tidemark.errors import SpecError
from tidemark.spec.column_types import ColumnType, Decimal, ListOf, MapOf, Primitive, is_nested, parse_type
from tidemark.spec.model import Column, DatasetSpec, Partition, PartitionTransform
from tidemark.spec.render.docs import doc_of, read_doc
from tidemark.spec.render.table_properties import to_table_properties

__all__ = [
    "from_partition_spec",
    "from_schema",
    "to_partition_spec",
    "to_schema",
    "to_table_properties",
    "to_transform",
]

FIRST_PARTITION_FIELD = 1000

_TYPES: dict[str, I.PrimitiveType] = {
    "string": I.StringType(),
    "int": I.IntegerType(),
    "long": I.LongType(),
    "double": I.DoubleType(),
    "boolean": I.BooleanType(),
    "date": I.DateType(),
    "timestamp": I.TimestamptzType(),
    "binary": I.BinaryType(),
}
_NAMES = {kind: name for name, kind in _TYPES.items()}

_TRANSFORMS: dict[PartitionTransform, Transform[Any, Any]] = {
    "hour": HourTransform(),
    "day": DayTransform(),
    "month": MonthTransform(),
    "identity": IdentityTransform(),
}


def to_schema(spec: DatasetSpec) -> Schema:
    """Return the table's schema. Columns get field ids from 1 in their order; nested fields get the ids after them."""
    ids = count(len(spec.columns) + 1)
    fields = [_field(number, column, ids) for number, column in enumerate(spec.columns.values(), 1)]
    return Schema(*fields, identifier_field_ids=_identifiers(spec))


def _field(number: int, column: Column, ids: Iterator[int]) -> I.NestedField:
    kind = to_iceberg(parse_type(column.type), ids)
    return I.NestedField(number, column.name, kind, required=column.required, doc=doc_of(column))


def _identifiers(spec: DatasetSpec) -> list[int]:
    kinds = [parse_type(spec.columns[name].type) for name in spec.grain]
    if any(is_nested(kind) or str(kind) == "double" for kind in kinds):
        return []
    numbers = {name: number for number, name in enumerate(spec.columns, 1)}
    return [numbers[name] for name in spec.grain]


def to_iceberg(kind: ColumnType, ids: Iterator[int]) -> I.IcebergType:
    """Convert one type. `ids` supplies field ids for nested elements, keys and values."""
    match kind:
        case Decimal(precision, scale):
            return I.DecimalType(precision, scale)
        case ListOf(element):
            return I.ListType(next(ids), to_iceberg(element, ids), element_required=False)
        case MapOf(value):
            key, inner = next(ids), next(ids)
            return I.MapType(key, I.StringType(), inner, to_iceberg(value, ids), value_required=False)
        case Primitive(name):
            return _TYPES[name]


def to_partition_spec(spec: DatasetSpec, schema: Schema) -> PartitionSpec:
    """Return the table's partition spec. Fields have the names that Spark would choose, such as `shown_at_day`."""
    fields = [
        PartitionField(schema.find_field(p.column).field_id, number, to_transform(p), p.field_name)
        for number, p in enumerate(spec.partition_by, FIRST_PARTITION_FIELD)
    ]
    return PartitionSpec(*fields)


def to_transform(partition: Partition) -> Transform[Any, Any]:
    """Return Iceberg's transform for a partition field."""
    return _TRANSFORMS[partition.transform]


def from_schema(schema: Schema) -> dict[str, Column]:
    """Return the columns of a schema by name. Raises SpecError for a type that the spec language does not have."""
    return {field.name: _column(field) for field in schema.fields}


def _column(field: I.NestedField) -> Column:
    means, unit = read_doc(field.doc or "")
    return Column(field.name, str(_from_iceberg(field.name, field.field_type)), means, field.required, unit)


def _from_iceberg(name: str, kind: I.IcebergType) -> ColumnType:
    if isinstance(kind, I.DecimalType):
        return Decimal(kind.precision, kind.scale)
    if isinstance(kind, I.ListType):
        return ListOf(_from_iceberg(name, kind.element_type))
    if isinstance(kind, I.MapType) and kind.key_type == I.StringType():
        return MapOf(_from_iceberg(name, kind.value_type))
    if isinstance(kind, I.PrimitiveType) and kind in _NAMES:
        return Primitive(_NAMES[kind])
    raise SpecError(f"column {name}: the spec language has no type {kind}; cast the column to a type that it has")


def from_partition_spec(partitioning: PartitionSpec, schema: Schema) -> tuple[Partition, ...]:
    """Return the partition fields of a table. Raises SpecError for a transform that the spec language does not have."""
    names = {str(transform): name for name, transform in _TRANSFORMS.items()}
    found = []
    for field in partitioning.fields:
        column = schema.find_column_name(field.source_id) or f"field {field.source_id}"
        if str(field.transform) not in names:
            problem = f"partition {field.name}: the spec language has no transform {field.transform}"
            raise SpecError(f"{problem}; repartition the table by one of {', '.join(names)}")
        found.append(Partition(names[str(field.transform)], column))
    return tuple(found)
