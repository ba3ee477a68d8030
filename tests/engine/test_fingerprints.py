"""A fingerprint is the same for the same rows in any order, and differs if any value of any row differs."""

from __future__ import annotations

import time
from collections.abc import Sequence
from datetime import UTC, datetime
from typing import Any

import pytest
from pyspark.sql import SparkSession

from tidemark.engine.fingerprints import Fingerprint, Place, fingerprints

pytestmark = pytest.mark.spark

NOON = datetime(2026, 4, 12, 12, 30, tzinfo=UTC)
SCHEMA = (
    "at timestamp, a string, b string, n double, tags array<string>, named map<string,double>, "
    "inside struct<x:string,y:string>"
)
ROW: dict[str, Any] = {
    "at": NOON,
    "a": "one",
    "b": None,
    "n": 1.5,
    "tags": ["x", None],
    "named": {"p": 1.0, "q": 2.0},
    "inside": ("x", None),
}


def found(spark: SparkSession, *rows: dict[str, Any]) -> Fingerprint:
    frame = spark.createDataFrame([tuple(row.values()) for row in rows], SCHEMA)
    ((place, fingerprint),) = fingerprints(frame, "at", "hour").items()
    assert place == Place(datetime(2026, 4, 12, 12, tzinfo=UTC))
    return fingerprint


def test_the_order_of_rows_and_of_a_maps_keys_does_not_matter(spark: SparkSession) -> None:
    other = {**ROW, "a": "two"}
    turned = {**ROW, "named": {"q": 2.0, "p": 1.0}}
    assert found(spark, ROW, other) == found(spark, other, turned)


@pytest.mark.parametrize(
    "change",
    [
        {"a": None, "b": "one"},
        {"a": "two"},
        {"n": 1.5000000000000002},
        {"n": None},
        {"tags": [None, "x"]},
        {"tags": ["x"]},
        {"named": {"p": 1.0}},
        {"named": {"p": 2.0, "q": 1.0}},
        {"inside": (None, "x")},
        {"at": NOON.replace(microsecond=1)},
    ],
    ids=str,
)
def test_any_other_value_gives_another_fingerprint(spark: SparkSession, change: dict[str, Any]) -> None:
    assert found(spark, {**ROW, **change}) != found(spark, ROW)


@pytest.mark.parametrize("zone", ["UTC", "America/New_York", "Asia/Kolkata"])
def test_a_day_begins_in_utc_wherever_the_machine_is(
    spark: SparkSession, zone: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    frame = spark.sql("SELECT DATE '2026-04-12' AS day, 'one' AS a")
    with monkeypatch.context() as patch:
        patch.setenv("TZ", zone)
        time.tzset()
        found = fingerprints(frame, "day", "day")
    time.tzset()
    assert list(found) == [Place(datetime(2026, 4, 12, tzinfo=UTC))]


def test_rows_of_a_partition_are_told_apart_by_their_known_day(spark: SparkSession) -> None:
    frame = spark.sql("SELECT DATE '2026-04-12' AS day, explode(sequence(12, 14)) AS n").selectExpr(
        "day", "date_add(day, n - 12) AS known"
    )
    found = fingerprints(frame, "day", "day", "known")
    start = datetime(2026, 4, 12, tzinfo=UTC)
    assert set(found) == {Place(start, start.replace(day=day)) for day in (12, 13, 14)}
    assert {fingerprint.rows for fingerprint in found.values()} == {1}


@pytest.mark.parametrize("rows", [[ROW], [ROW, ROW, ROW], [ROW, ROW, {**ROW, "a": "two"}]], ids=len)
def test_how_often_a_row_occurs_matters(spark: SparkSession, rows: Sequence[dict[str, Any]]) -> None:
    assert found(spark, *rows) != found(spark, ROW, ROW)
