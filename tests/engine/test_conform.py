"""A cast that would change a value is refused while rows are written, with column and value; other casts succeed."""

from __future__ import annotations

from datetime import UTC, date, datetime, time
from decimal import Decimal
from typing import Any

import pyarrow as pa
import pytest
from pyspark.sql import SparkSession
from pyspark.sql import functions as F
from pyspark.sql.types import StructType

from tidemark.engine.conform import Target, conform
from tidemark.errors import OutputRefused
from tidemark.support.error_translation import translate

pytestmark = pytest.mark.spark

LONGEST = 2**63 - 1
AT_TEN = datetime(2026, 4, 12, 10, tzinfo=UTC)


def target(columns: str) -> Target:
    """Return a target with these columns, written as Spark's DDL."""
    return Target("accounts.seen", StructType.fromDDL(columns), "accounts.seen:build", "seen.yaml")


def conformed(spark: SparkSession, given: str, wanted: str) -> list[Any]:
    """Return the values of a SQL expression after the cast to the wanted type."""
    frame = conform(spark, spark.sql(f"SELECT explode(array({given})) AS value"), target(f"value {wanted}"))
    return [row.value for row in frame.collect()]


def refusal(spark: SparkSession, given: str, wanted: str) -> str:
    """Return the text of the OutputRefused that the loop raises for a value that its cast would change."""
    with pytest.raises(Exception, match="OutputRefused") as raised:
        conformed(spark, given, wanted)
    assert isinstance(raised.value, Exception)
    ours = translate(raised.value, "accounts.seen")
    assert isinstance(ours, OutputRefused)
    return str(ours)


@pytest.mark.parametrize(
    ("given", "wanted", "value"),
    [
        ("1D, 1.7D", "int", "1.7"),
        ("1e10D", "int", "1.0E10"),
        ("1e19D", "bigint", "1.0E19"),
        ("double('nan')", "int", "NaN"),
        ("double('inf')", "bigint", "Infinity"),
        ("2147483648L", "int", "2147483648"),
        ("9007199254740993L", "double", "9007199254740993"),
        (f"{LONGEST}L", "double", str(LONGEST)),
        ("1.239BD", "decimal(10,2)", "1.239"),
        ("12345678901BD", "decimal(10,2)", "12345678901"),
        ("0.125D", "decimal(10,2)", "0.125"),
        ("2", "boolean", "2"),
        ("'twelve'", "int", "twelve"),
        ("'1.7'", "int", "1.7"),
        ("'1.239'", "decimal(10,2)", "1.239"),
        ("'2026-04-12 10:00:00'", "date", "2026-04-12 10:00:00"),
        ("'1.0000000000000000001'", "decimal(10,2)", "1.0000000000000000001"),
        ("'99999999999999999.994'", "decimal(38,2)", "99999999999999999.994"),
        ("'1e400'", "double", "1e400"),
        ("'1e-400'", "double", "1e-400"),
        ("'yesterday'", "timestamp", "yesterday"),
        ("'10:00'", "timestamp", "10:00"),
        ("'T10:00'", "timestamp", "T10:00"),
        ("array('10:00')", "array<timestamp>", "10:00"),
        ("'2026-04-12T10:00:00.123456789Z'", "timestamp", "2026-04-12T10:00:00.123456789Z"),
        ("TIMESTAMP '2026-04-12 10:00:00'", "date", "2026-04-12 10:00:00"),
        ("TIMESTAMP '2026-04-12 10:00:00.5'", "bigint", "2026-04-12 10:00:00.5"),
        ("X'ff'", "string", "/w=="),
        ("array(1D, 1.5D)", "array<int>", "1.5"),
        ("map('a', 3000000000L)", "map<string,int>", "3000000000"),
        ("map('a', array(1.5D))", "map<string,array<int>>", "1.5"),
    ],
)
def test_a_value_that_its_cast_would_change_is_named(spark: SparkSession, given: str, wanted: str, value: str) -> None:
    told = refusal(spark, given, wanted)
    assert told.startswith("accounts.seen: column value is "), told
    assert f"cannot hold {value}, " in told
    assert told.endswith("give the column another type in seen.yaml")


@pytest.mark.parametrize(
    ("given", "wanted", "kept"),
    [
        ("1D, -0.0D, null", "int", [1, 0, None]),
        ("2147483647L, null", "int", [2147483647, None]),
        ("9007199254740992L", "double", [2.0**53]),
        ("1.20BD", "decimal(10,1)", [Decimal("1.2")]),
        ("0.1D", "decimal(10,2)", [Decimal("0.10")]),
        ("1, 0", "boolean", [True, False]),
        ("'12', ' 12 ', '012', null", "int", [12, 12, 12, None]),
        ("'1.50'", "double", [1.5]),
        ("'1.20'", "decimal(10,1)", [Decimal("1.2")]),
        ("'99999999999999999.990'", "decimal(38,2)", [Decimal("99999999999999999.99")]),
        ("'0', '-0.0', '0e9', 'Infinity'", "double", [0.0, 0.0, 0.0, float("inf")]),
        ("'2026-04-12'", "date", [date(2026, 4, 12)]),
        ("TIMESTAMP '2026-04-12 00:00:00'", "date", [date(2026, 4, 12)]),
        ("array(1D, null), null", "array<int>", [[1, None], None]),
        ("map('a', 3L, 'b', null)", "map<string,int>", [{"a": 3, "b": None}]),
        ("decode(X'61', 'utf-8')", "string", ["a"]),
        ("X'61'", "string", ["a"]),
    ],
)
def test_a_value_that_its_cast_keeps_goes_through(
    spark: SparkSession, given: str, wanted: str, kept: list[Any]
) -> None:
    assert conformed(spark, given, wanted) == kept


def test_a_value_is_shown_on_one_line_and_cut(spark: SparkSession) -> None:
    told = refusal(spark, "concat('two\\nlines ', repeat('x', 200))", "int")
    assert f"cannot hold two lines {'x' * 70}, a string" in told
    assert len(told.splitlines()) == 1


def test_types_that_no_cast_connects_are_refused_before_anything_runs(spark: SparkSession) -> None:
    with pytest.raises(OutputRefused, match=r"column value is string, the transform .* returned map<string,int>"):
        conform(spark, spark.sql("SELECT map('a', 1) AS value"), target("value string"))


def test_a_cast_that_keeps_every_value_adds_nothing_to_the_query(spark: SparkSession) -> None:
    frame = conform(spark, spark.sql("SELECT 1 AS a, 2L AS b, 'x' AS c"), target("a bigint, b bigint, c string"))
    assert frame.schema == StructType.fromDDL("a bigint not null, b bigint not null, c string not null")
    assert "raise_error" not in _plan(frame)


def test_a_check_leaves_a_required_column_required(spark: SparkSession) -> None:
    frame = conform(spark, spark.range(3).select(F.col("id").alias("value")), target("value int not null"))
    assert not frame.schema["value"].nullable
    assert "raise_error" in _plan(frame)


def _plan(frame: Any) -> str:
    plan: str = frame._explain_string(extended=True)
    return plan.lower()


def test_a_column_whose_name_holds_a_dot_is_found(spark: SparkSession) -> None:
    frame = conform(spark, spark.sql("SELECT 1.5D AS `a.b`"), target("`a.b` double"))
    assert [row[0] for row in frame.collect()] == [1.5]


def test_columns_that_are_given_twice_are_named(spark: SparkSession) -> None:
    with pytest.raises(OutputRefused, match=r"it returned twice: \['a'\]"):
        conform(spark, spark.sql("SELECT 1 AS a, 2 AS a"), target("a int"))


def test_an_arrow_table_is_taken_by_the_names_of_its_columns(spark: SparkSession) -> None:
    table = pa.table({"b": ["x", None], "a": pa.array([1, 2], pa.int64())})
    frame = conform(spark, table, target("a int, b string"))
    assert [tuple(row) for row in frame.collect()] == [(1, "x"), (2, None)]
    assert conform(spark, table.slice(0, 0), target("a int, b string")).collect() == []


@pytest.mark.parametrize(
    ("column", "wanted"),
    [
        (pa.array([1.0, 1.7]), "int"),
        (pa.array([2**31]), "int"),
        (pa.array([2**53 + 1]), "double"),
        (pa.array(["twelve"]), "int"),
        (pa.array([Decimal("1.239")]), "decimal(10,2)"),
        (pa.array([0.129]), "decimal(10,2)"),
        (pa.array([[0.129]]), "array<decimal(10,2)>"),
        (pa.array([2.0]), "boolean"),
        (pa.array([2]), "boolean"),
        (pa.array([AT_TEN], pa.timestamp("us", "UTC")), "date"),
        (pa.array([[AT_TEN]], pa.list_(pa.timestamp("us", "UTC"))), "array<date>"),
    ],
)
def test_an_arrow_table_whose_cast_would_change_a_value_is_refused(
    spark: SparkSession, column: pa.Array[Any], wanted: str
) -> None:
    frame = conform(spark, pa.table({"value": column}), target(f"value {wanted}"))
    with pytest.raises(Exception, match=r"accounts\.seen: column value is .* and cannot hold"):
        frame.collect()


@pytest.mark.parametrize(
    ("column", "wanted"),
    [
        (pa.array([{"a": 1}]), "int"),
        (pa.array([time(10)]), "bigint"),
        (pa.array([1], pa.timestamp("ns")), "timestamp"),
    ],
)
def test_an_arrow_type_that_spark_cannot_hold_is_refused_at_once(
    spark: SparkSession, column: pa.Array[Any], wanted: str
) -> None:
    with pytest.raises(OutputRefused, match=r"accounts\.seen: column value is "):
        conform(spark, pa.table({"value": column}), target(f"value {wanted}"))


def test_whole_seconds_become_instants_however_they_are_given(spark: SparkSession) -> None:
    seconds = int(AT_TEN.timestamp())
    arrow = conform(spark, pa.table({"value": pa.array([seconds])}), target("value timestamp"))
    frame = conform(spark, spark.sql(f"SELECT {seconds}L AS value"), target("value timestamp"))
    for found in (arrow, frame):
        assert [row[0] for row in found.select(F.unix_seconds("value")).collect()] == [seconds]


def test_an_arrow_table_with_other_columns_is_refused(spark: SparkSession) -> None:
    with pytest.raises(OutputRefused, match=r"\['a'\]; it did not return: \['b'\]"):
        conform(spark, pa.table({"a": [1]}), target("b bigint"))
