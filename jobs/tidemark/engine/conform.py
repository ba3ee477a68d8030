"""A transform's output in the columns and types of its spec, with every value kept.

Whether a cast keeps values is decided from the two types:

- it keeps every value (the same type, a wider one, text of a number): the column is cast and nothing is checked;
- it may lose some (a double into an int, a timestamp into a date, a text into a number): the check is part of the
  cast, so the pass that writes the rows also looks for the first value that would be lost, and stops there;
- it makes no sense (a map into a text): refused before anything is read.

A double stands for the nearest value it can hold, so decimals and texts may become doubles. A long may not unless the
double equals it, because an id beyond 2^53 would turn into another id. The spec language has no float, so no
double is ever narrowed into one.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Collection
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

from pyspark.sql import types as S

from tidemark.engine.casts import Cast, cast_between
from tidemark.errors import WriteError

if TYPE_CHECKING:
    import pyarrow as pa
    from pyspark.sql import Column, DataFrame, SparkSession

SHOWN_LETTERS = 80
"""Letters of a value that an error shows."""

_RAISED_AS = "tidemark.errors.WriteError: "
"""By this beginning the engine's error is translated into ours (support/error_translation.py)."""

_LARGEST_LONG_AS_DOUBLE = 2**63 - 1024
"""Spark turns the doubles beyond it back into the largest long, so the way back proves nothing there."""


@dataclass(frozen=True)
class Target:
    """What a dataset's rows have to look like, and the names by which an error tells whose rows they are."""

    dataset: str
    columns: S.StructType
    transform: str
    spec_file: str


def conform(spark: SparkSession, result: Any, target: Target) -> DataFrame:
    """The rows as exactly the target's columns, in its order and types. `result` is a DataFrame or an Arrow table.

    Raises WriteError for a column too many or too few and for types that no cast connects. A value that its cast
    would change raises WriteError when the frame is run, before anything is committed.
    """
    import pyarrow as pa

    if isinstance(result, pa.Table):
        _check_columns(result.column_names, target)
        return spark.createDataFrame(_cast_arrow(result, target), schema=target.columns)
    frame: DataFrame = result
    _check_columns(frame.columns, target)
    given = {field.name: field.dataType for field in frame.schema.fields}
    return frame.select([_cast(given[field.name], field, target) for field in target.columns.fields])


def _check_columns(given: Collection[str], target: Target) -> None:
    """A column more or less is the transform's error."""
    wanted, found = set(target.columns.names), set(given)
    if wanted == found and len(found) == len(given):
        return
    twice = sorted(name for name, times in Counter(given).items() if times > 1)
    raise WriteError(
        f"{target.dataset}: the transform {target.transform} gave columns that the spec does not have: "
        f"{sorted(found - wanted) or 'none'}; it did not give: {sorted(wanted - found) or 'none'}; "
        f"{f'it gave twice: {twice}; ' if twice else ''}correct the transform or {target.spec_file}"
    )


def _cast_arrow(table: pa.Table, target: Target) -> pa.Table:
    """The columns by name in the target's order; Arrow's own checked cast refuses what would be lost."""
    import pyarrow as pa
    from pyspark.sql.pandas.types import to_arrow_schema

    columns = []
    for field in to_arrow_schema(target.columns):
        try:
            columns.append(_cast_arrow_column(table.column(field.name), field.type))
        except (pa.ArrowInvalid, pa.ArrowNotImplementedError) as error:
            given = table.schema.field(field.name).type
            raise WriteError(
                f"{target.dataset}: column {field.name} is {field.type} and cannot hold what the transform "
                f"{target.transform} gave ({given}): {str(error)[:SHOWN_LETTERS]}. {_remedy(target)}"
            ) from error
    return pa.table(columns, names=target.columns.names)


def _cast_arrow_column(column: pa.ChunkedArray[Any], wanted: pa.DataType) -> pa.ChunkedArray[Any]:
    """Arrow checks all casts but the one from instants to days. Raises ArrowInvalid."""
    import pyarrow as pa

    cast = column.cast(wanted)
    if pa.types.is_timestamp(column.type) and pa.types.is_date(wanted):
        unit = pa.timestamp(column.type.unit)
        if cast.cast(unit) != column.cast(unit):
            raise pa.ArrowInvalid("it holds instants within a day")
    return cast


def _cast(given: S.DataType, field: S.StructField, target: Target) -> Column:
    """One column in its type, with a check where the cast may lose a value."""
    from pyspark.sql import functions as F

    value, wanted = F.col(_quoted(field.name)), field.dataType
    cast = cast_between(given, wanted)
    if cast is Cast.impossible:
        raise WriteError(
            f"{target.dataset}: column {field.name} is {wanted.simpleString()}, the transform {target.transform} gave "
            f"{given.simpleString()}, and no cast between them keeps the values. {_remedy(target)}"
        )
    plain = value.cast(wanted)
    if cast is Cast.checked:
        plain = F.coalesce(_refusal(value, given, field, target), plain)  # the plain cast alone decides on nulls
    return plain.alias(field.name)


def _refusal(value: Column, given: S.DataType, field: S.StructField, target: Target) -> Column:
    """Null for a value that its cast keeps; raises for another. The message ends where its line does."""
    from pyspark.sql import functions as F

    wanted = field.dataType.simpleString()
    before = f"{_RAISED_AS}{target.dataset}: column {field.name} is {wanted} and cannot hold "
    after = f", {given.simpleString()} of the transform {target.transform}. {_remedy(target)}\n"
    text = F.regexp_replace(_example(value, given, field.dataType), r"\p{Cntrl}", " ")
    message = F.concat(F.lit(before), F.substring(text, 1, SHOWN_LETTERS), F.lit(after))
    return F.when(_loses(value, given, field.dataType), F.raise_error(message))


def _remedy(target: Target) -> str:
    return (
        f"Nothing was written; round or cast it in the transform, or give the column another type in {target.spec_file}"
    )


def _example(value: Column, given: S.DataType, wanted: S.DataType) -> Column:
    """The value that would be lost, as text: of a list or a map the first element."""
    from pyspark.sql import functions as F

    if isinstance(given, S.ArrayType) and isinstance(wanted, S.ArrayType):
        inner, outer = given.elementType, wanted.elementType
        return _example(F.filter(value, lambda each: _loses(each, inner, outer))[0], inner, outer)
    if isinstance(given, S.MapType) and isinstance(wanted, S.MapType):
        return _example(F.map_values(value), S.ArrayType(given.valueType), S.ArrayType(wanted.valueType))
    shown = F.base64(value) if isinstance(given, S.BinaryType) else value.cast("string")
    return F.coalesce(shown, F.lit("null"))


def _loses(value: Column, given: S.DataType, wanted: S.DataType) -> Column:
    """Whether the cast changes a value; never null, and false for null."""
    from pyspark.sql import functions as F

    if cast_between(given, wanted) is Cast.whole:
        return F.lit(False)
    if isinstance(given, S.ArrayType) and isinstance(wanted, S.ArrayType):
        inner, outer = given.elementType, wanted.elementType
        return F.coalesce(F.exists(value, lambda each: _loses(each, inner, outer)), F.lit(False))
    if isinstance(given, S.MapType) and isinstance(wanted, S.MapType):
        return _loses(F.map_values(value), S.ArrayType(given.valueType), S.ArrayType(wanted.valueType))
    there = value.try_cast(wanted)
    return value.isNotNull() & (there.isNull() | _changed(value, there, given, wanted))


def _changed(value: Column, there: Column, given: S.DataType, wanted: S.DataType) -> Column:
    """Whether a value that was cast differs from what it was. Text may be written in several ways."""
    from pyspark.sql import functions as F

    match given, wanted:
        case S.BinaryType(), _:
            return ~F.is_valid_utf8(there)
        case S.StringType(), S.DecimalType():
            return ~value.try_cast("double").eqNullSafe(there.cast("double"))
        case S.StringType(), S.DateType():
            return ~value.try_cast("timestamp").eqNullSafe(there.cast("timestamp"))
        case S.StringType(), _:
            return F.lit(False)
        case S.LongType(), S.DoubleType():
            return (value > F.lit(_LARGEST_LONG_AS_DOUBLE)) | ~there.try_cast(given).eqNullSafe(value)
        case _:
            return ~there.try_cast(given).eqNullSafe(value)


def _quoted(name: str) -> str:
    """A column's name that may hold a dot."""
    return "`" + name.replace("`", "``") + "`"
