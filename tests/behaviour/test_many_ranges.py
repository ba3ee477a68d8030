"""Traffic with gaps: each day with traffic is a separate range, and a session may have hundreds of ranges."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta

import pytest
from pyspark.sql import SparkSession
from pyspark.sql import functions as F

from ranking import durations

pytestmark = pytest.mark.spark

START, DAY = datetime(2026, 1, 1, tzinfo=UTC), timedelta(days=1)
EVERY_OTHER = [(START + 2 * n * DAY, START + (2 * n + 1) * DAY) for n in range(365)]


def test_rows_are_found_in_hundreds_of_ranges(spark: SparkSession) -> None:
    days = spark.range(2 * 365 + 10).select(
        F.date_add(F.lit(START.date()), F.col("id").cast("int")).alias("day"), (F.col("id") % 2 == 0).alias("even")
    )
    at_noon = days.withColumn("instant", F.to_timestamp("day") + F.make_dt_interval(hours=F.lit(12)))

    by_instant = at_noon.where(durations.instants_within(F.col("instant"), EVERY_OTHER))
    by_day = at_noon.where(durations.days_within(F.col("day"), EVERY_OTHER))

    assert by_instant.agg(F.count("*"), F.every("even")).collect()[0][:] == (365, True)
    assert by_day.agg(F.count("*"), F.every("even")).collect()[0][:] == (365, True)


def test_the_days_of_hundreds_of_ranges_are_counted(spark: SparkSession) -> None:
    first, last = (F.lit(day.date()) for day in (START, START + 2 * 365 * DAY))
    wanted = spark.range(1).select(F.size(durations.target_days(first, last, EVERY_OTHER)))

    assert wanted.collect()[0][0] == 365


def test_no_range_holds_a_row(spark: SparkSession) -> None:
    assert spark.range(3).where(durations.instants_within(F.current_timestamp(), [])).count() == 0
