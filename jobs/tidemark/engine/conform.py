"""Cast a transform's output to the columns and types of its spec without changing any value.

The two types decide how a column is cast:

- If the cast keeps every value (the same type, a wider type, a number as text), the column is cast without a check.
- If the cast may change a value (a double to an int, a timestamp to a date, a text to a number), the check is part of
  the cast. The pass that writes the rows stops at the first value that would change.
- If no cast makes sense (a map to a text), the output is refused before any row is read.

A double stands for the nearest value that it can hold, so decimals and texts may become doubles. A long may become a
double only if the two are equal, because an id beyond 2^53 would turn into another id. The spec language has no float,
so a double is never narrowed to a float.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Collection
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

from pyspark.sql import types as S

from tidemark.engine.casts import Cast, cast_between
from tidemark.errors import OutputRefused

if TYPE_CHECKING:
    import pyarrow as pa
    from pyspark.sql import Column, DataFrame, SparkSession

SHOWN_LETTERS = 80
"""The most characters of a value that an error shows."""

_RAISED_AS = "tidemark.errors.OutputRefused: "
"""Begins the message of Spark's error, so that it is translated into our own (support/error_translation.py)."""

_DATED = r"^\s*[+-]?\d{4}"
"""A text that begins with a year. Spark completes a text without a date by the date of today."""

_BELOW_MICROSECONDS = r"\.\d{6}\d*[1-9]"

_LARGEST_LONG_AS_DOUBLE = 2**63 - 1024
"""The largest long that a cast back can check: Spark casts every larger double back to the largest long."""


@dataclass(frozen=True)
class Target:
    """The columns that a dataset's rows must have, and the names that an error shows."""

    dataset: str
    columns: S.StructType
    transform: str
    spec_file: str


def conform(spark: SparkSession, result: Any, target: Target) -> DataFrame:
    """Return the rows with exactly the target's columns, in its order and with its types.

    Args:
        spark: The session.
        result: The transform's output, a DataFrame or an Arrow table.
        target: The columns to produce.

    Raises:
        OutputRefused: If a column is missing or not in the spec, or if no cast connects two types. If a cast would
            change a value of a DataFrame, it is raised when the frame is run, before anything is committed.
    """
    import pyarrow as pa

    if isinstance(result, pa.Table):
        _check_columns(result.column_names, target)
        frame = _frame_of(spark, result, target)
    else:
        frame = result
        _check_columns(frame.columns, target)
    given = {field.name: field.dataType for field in frame.schema.fields}
    return frame.select([_cast(given[field.name], field, target) for field in target.columns.fields])


def _check_columns(given: Collection[str], target: Target) -> None:
    """Check that the transform returned each of the spec's columns once, and no other. Raises OutputRefused."""
    wanted, found = set(target.columns.names), set(given)
    if wanted == found and len(found) == len(given):
        return
    repeated = sorted(name for name, times in Counter(given).items() if times > 1)
    raise OutputRefused(
        f"{target.dataset}: the transform {target.transform} returned columns that the spec does not have: "
        f"{sorted(found - wanted) or 'none'}; it did not return: {sorted(wanted - found) or 'none'}; "
        f"{f'it returned twice: {repeated}; ' if repeated else ''}correct the transform or {target.spec_file}"
    )


def _frame_of(spark: SparkSession, table: pa.Table, target: Target) -> DataFrame:
    """Return an Arrow table as a frame, with the types that Spark has for the table's own types.

    Raises OutputRefused for a type that Spark does not have, and for an instant in nanoseconds that microseconds cannot
    hold.
    """
    import pyarrow as pa
    from pyspark.errors import PySparkException
    from pyspark.sql.pandas.types import from_arrow_type, to_arrow_type

    columns, fields = [], []
    for field in target.columns.fields:
        column = table.column(field.name)
        try:
            kind = from_arrow_type(column.type, prefer_timestamp_ntz=True)
            columns.append(column.cast(to_arrow_type(kind)))
        except (pa.ArrowInvalid, pa.ArrowNotImplementedError, PySparkException) as error:
            raise OutputRefused(
                f"{target.dataset}: column {field.name} is {field.dataType.simpleString()} and cannot hold the values "
                f"that the transform {target.transform} returned ({column.type}): {str(error)[:SHOWN_LETTERS]}. "
                f"{_remedy(target)}"
            ) from error
        fields.append(S.StructField(field.name, kind))
    return spark.createDataFrame(pa.table(columns, names=target.columns.names), schema=S.StructType(fields))


def _cast(given: S.DataType, field: S.StructField, target: Target) -> Column:
    """Return one column cast to its type. If the cast may change a value, it includes the check."""
    from pyspark.sql import functions as F

    value, wanted = F.col(_quoted(field.name)), field.dataType
    cast = cast_between(given, wanted)
    if cast is Cast.impossible:
        raise OutputRefused(
            f"{target.dataset}: column {field.name} is {wanted.simpleString()}, the transform {target.transform} "
            f"returned {given.simpleString()}, and no cast between them keeps the values. {_remedy(target)}"
        )
    plain = value.cast(wanted)
    if cast is Cast.checked:
        plain = F.coalesce(_raise_if_changed(value, given, field, target), plain)  # the check gives null or raises
    return plain.alias(field.name)


def _raise_if_changed(value: Column, given: S.DataType, field: S.StructField, target: Target) -> Column:
    """Return null if the cast keeps the value, and raise an error otherwise. The error's message is one line."""
    from pyspark.sql import functions as F

    wanted = field.dataType.simpleString()
    before = f"{_RAISED_AS}{target.dataset}: column {field.name} is {wanted} and cannot hold "
    after = f", a {given.simpleString()} that the transform {target.transform} returned. {_remedy(target)}\n"
    text = F.regexp_replace(_example(value, given, field.dataType), r"\p{Cntrl}", " ")
    message = F.concat(F.lit(before), F.substring(text, 1, SHOWN_LETTERS), F.lit(after))
    return F.when(_is_changed(value, given, field.dataType), F.raise_error(message))


def _remedy(target: Target) -> str:
    return (
        f"Nothing was written. Round or cast the value in the transform, or give the column another type in "
        f"{target.spec_file}"
    )


def _example(value: Column, given: S.DataType, wanted: S.DataType) -> Column:
    """Return the value that the cast would change, as text. For a list or a map, it is the first such element."""
    from pyspark.sql import functions as F

    if isinstance(given, S.ArrayType) and isinstance(wanted, S.ArrayType):
        given_element, wanted_element = given.elementType, wanted.elementType
        changed = F.filter(value, lambda element: _is_changed(element, given_element, wanted_element))
        return _example(changed[0], given_element, wanted_element)
    if isinstance(given, S.MapType) and isinstance(wanted, S.MapType):
        return _example(F.map_values(value), S.ArrayType(given.valueType), S.ArrayType(wanted.valueType))
    shown = F.base64(value) if isinstance(given, S.BinaryType) else value.cast("string")
    return F.coalesce(shown, F.lit("null"))


def _is_changed(value: Column, given: S.DataType, wanted: S.DataType) -> Column:
    """Return whether the cast changes a value. The result is never null; for a null value it is false."""
    from pyspark.sql import functions as F

    if cast_between(given, wanted) is Cast.whole:
        return F.lit(False)
    if isinstance(given, S.ArrayType) and isinstance(wanted, S.ArrayType):
        given_element, wanted_element = given.elementType, wanted.elementType
        any_changed = F.exists(value, lambda element: _is_changed(element, given_element, wanted_element))
        return F.coalesce(any_changed, F.lit(False))
    if isinstance(given, S.MapType) and isinstance(wanted, S.MapType):
        return _is_changed(F.map_values(value), S.ArrayType(given.valueType), S.ArrayType(wanted.valueType))
    cast = value.try_cast(wanted)
    return value.isNotNull() & (cast.isNull() | _differs(value, cast, given, wanted))


def _differs(value: Column, cast: Column, given: S.DataType, wanted: S.DataType) -> Column:
    """Return whether the cast value differs from the value. Texts are compared by what they mean: 012 equals 12."""
    from pyspark.sql import functions as F

    match given, wanted:
        case S.BinaryType(), _:
            return ~F.is_valid_utf8(cast)
        case S.StringType(), S.DecimalType():
            return _loses_digits(value, wanted.scale) | ~value.try_cast("double").eqNullSafe(cast.cast("double"))
        case S.StringType(), S.DateType():
            return ~value.try_cast("timestamp").eqNullSafe(cast.cast("timestamp"))
        case S.StringType(), S.TimestampType():
            return ~value.rlike(_DATED) | value.rlike(_BELOW_MICROSECONDS)
        case S.StringType(), S.DoubleType():
            overflows = F.abs(cast).eqNullSafe(F.lit(float("inf"))) & value.rlike(r"\d")
            return overflows | ((cast == 0) & value.rlike(r"^[^eE]*[1-9]"))
        case S.StringType(), _:
            return F.lit(False)
        case S.LongType(), S.DoubleType():
            return (value > F.lit(_LARGEST_LONG_AS_DOUBLE)) | ~cast.try_cast(given).eqNullSafe(value)
        case _:
            return ~cast.try_cast(given).eqNullSafe(value)


def _loses_digits(value: Column, scale: int) -> Column:
    """Return whether a number as text has more digits after the decimal point than `scale`, zeros at its end aside."""
    return value.rlike(rf"\.\d{{{scale}}}\d*[1-9]")


def _quoted(name: str) -> str:
    """Quote a column's name, which may contain a dot."""
    return "`" + name.replace("`", "``") + "`"
