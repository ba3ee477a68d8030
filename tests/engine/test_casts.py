"""The effect of a cast on values depends only on its two types."""

from __future__ import annotations

import pytest
from pyspark.sql import types as S

from tidemark.engine.casts import Cast, cast_between

STRUCT = S.StructType([S.StructField("a", S.LongType())])
KINDS: dict[str, S.DataType] = {
    "byte": S.ByteType(),
    "int": S.IntegerType(),
    "long": S.LongType(),
    "float": S.FloatType(),
    "double": S.DoubleType(),
    "decimal(10,2)": S.DecimalType(10, 2),
    "decimal(12,2)": S.DecimalType(12, 2),
    "decimal(12,4)": S.DecimalType(12, 4),
    "decimal(38,0)": S.DecimalType(38, 0),
    "boolean": S.BooleanType(),
    "string": S.StringType(),
    "binary": S.BinaryType(),
    "date": S.DateType(),
    "timestamp": S.TimestampType(),
    "timestamp_ntz": S.TimestampNTZType(),
    "null": S.NullType(),
    "list of int": S.ArrayType(S.IntegerType()),
    "list of int without nulls": S.ArrayType(S.IntegerType(), False),
    "list of long": S.ArrayType(S.LongType()),
    "list of map": S.ArrayType(S.MapType(S.StringType(), S.LongType())),
    "map to int": S.MapType(S.StringType(), S.IntegerType()),
    "map to double": S.MapType(S.StringType(), S.DoubleType()),
    "map from int": S.MapType(S.IntegerType(), S.IntegerType()),
    "map from double": S.MapType(S.DoubleType(), S.IntegerType()),
    "map from list": S.MapType(S.ArrayType(S.StringType()), S.IntegerType()),
    "struct": STRUCT,
}


@pytest.mark.parametrize(
    ("given", "wanted"),
    [
        ("int", "int"),
        ("byte", "int"),
        ("int", "long"),
        ("int", "double"),
        ("float", "double"),
        ("int", "decimal(12,2)"),
        ("long", "decimal(38,0)"),
        ("decimal(10,2)", "decimal(12,2)"),
        ("decimal(38,0)", "double"),
        ("boolean", "long"),
        ("long", "string"),
        ("timestamp", "string"),
        ("string", "binary"),
        ("date", "timestamp"),
        ("timestamp_ntz", "timestamp"),
        ("null", "struct"),
        ("null", "int"),
        ("list of int without nulls", "list of int"),
        ("list of int", "list of long"),
        ("map to int", "map to double"),
        ("map from int", "map to int"),
    ],
)
def test_a_cast_that_keeps_every_value_needs_no_look_at_the_rows(given: str, wanted: str) -> None:
    assert cast_between(KINDS[given], KINDS[wanted]) is Cast.whole


@pytest.mark.parametrize(
    ("given", "wanted"),
    [
        ("long", "int"),
        ("long", "double"),
        ("double", "int"),
        ("double", "decimal(10,2)"),
        ("decimal(12,4)", "decimal(12,2)"),
        ("decimal(12,2)", "decimal(12,4)"),
        ("long", "decimal(12,2)"),
        ("decimal(10,2)", "long"),
        ("long", "boolean"),
        ("string", "int"),
        ("string", "decimal(10,2)"),
        ("string", "date"),
        ("string", "timestamp"),
        ("binary", "string"),
        ("timestamp", "date"),
        ("timestamp_ntz", "date"),
        ("list of long", "list of int"),
        ("map to double", "map to int"),
    ],
)
def test_a_cast_that_may_lose_a_value_is_checked(given: str, wanted: str) -> None:
    assert cast_between(KINDS[given], KINDS[wanted]) is Cast.checked


@pytest.mark.parametrize(
    ("given", "wanted"),
    [
        ("struct", "string"),
        ("struct", "struct"),
        ("map to int", "string"),
        ("list of int", "string"),
        ("list of int", "int"),
        ("date", "int"),
        ("boolean", "date"),
        ("binary", "int"),
        ("list of map", "list of int"),
        ("map from list", "map to int"),
    ],
)
def test_types_that_no_cast_connects_are_refused(given: str, wanted: str) -> None:
    assert cast_between(KINDS[given], KINDS[wanted]) is Cast.impossible


def test_keys_of_a_map_are_never_narrowed_because_two_could_become_one() -> None:
    assert cast_between(KINDS["map from double"], KINDS["map from int"]) is Cast.impossible
