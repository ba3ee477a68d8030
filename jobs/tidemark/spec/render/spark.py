"""Convert specs to Spark types, and back.

    string  -> StringType     boolean   -> BooleanType      list<T>       -> ArrayType, null elements allowed
    int     -> IntegerType    date      -> DateType         map<string,T> -> MapType, null values allowed
    long    -> LongType       timestamp -> TimestampType    decimal(p,s)  -> DecimalType(p, s)
    double  -> DoubleType     binary    -> BinaryType

A column's meaning and unit become its comment. The conversion loses what Spark's types cannot express: checks (min,
max, one_of, max_length), grain, event time and partitions. TimestampType is an instant. It is shown in the session's
time zone, which `engine/session.py` sets to UTC.
"""

from __future__ import annotations

from pyspark.sql import types as S

from tidemark.errors import SpecError
from tidemark.spec.column_types import ColumnType, Decimal, ListOf, MapOf, Primitive, parse_type
from tidemark.spec.model import Column, DatasetSpec
from tidemark.spec.render.docs import doc_of, read_doc

_TYPES: dict[str, S.DataType] = {
    "string": S.StringType(),
    "int": S.IntegerType(),
    "long": S.LongType(),
    "double": S.DoubleType(),
    "boolean": S.BooleanType(),
    "date": S.DateType(),
    "timestamp": S.TimestampType(),
    "binary": S.BinaryType(),
}
_NAMES = {kind: name for name, kind in _TYPES.items()}


def to_struct(spec: DatasetSpec) -> S.StructType:
    """Return the spec's columns as a Spark schema, in their order."""
    return S.StructType([_field(column) for column in spec.columns.values()])


def _field(column: Column) -> S.StructField:
    comment = {"comment": doc_of(column)}
    return S.StructField(column.name, to_spark(parse_type(column.type)), not column.required, comment)


def to_spark(kind: ColumnType) -> S.DataType:
    """Convert one type."""
    match kind:
        case Decimal(precision, scale):
            return S.DecimalType(precision, scale)
        case ListOf(element):
            return S.ArrayType(to_spark(element))
        case MapOf(value):
            return S.MapType(S.StringType(), to_spark(value))
        case Primitive(name):
            return _TYPES[name]


def from_struct(struct: S.StructType) -> dict[str, Column]:
    """Return the columns of a Spark schema by name. Raises SpecError for a type that the spec language lacks."""
    return {field.name: _column(field) for field in struct.fields}


def _column(field: S.StructField) -> Column:
    means, unit = read_doc((field.metadata or {}).get("comment") or "")
    return Column(field.name, str(_from_spark(field.name, field.dataType)), means, not field.nullable, unit)


def _from_spark(name: str, kind: S.DataType) -> ColumnType:
    if isinstance(kind, S.DecimalType):
        return Decimal(kind.precision, kind.scale)
    if isinstance(kind, S.ArrayType):
        return ListOf(_from_spark(name, kind.elementType))
    if isinstance(kind, S.MapType) and kind.keyType == S.StringType():
        return MapOf(_from_spark(name, kind.valueType))
    if kind in _NAMES:
        return Primitive(_NAMES[kind])
    raise SpecError(
        f"column {name}: the spec language has no type {kind.simpleString()}; cast the column in the transform"
    )
