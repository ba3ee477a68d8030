"""Which of two partitions is older. Each has a landing time, an event time, or both, in one layout or in two."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta
from types import SimpleNamespace
from typing import Any

import pytest
from pyiceberg.partitioning import PartitionField, PartitionSpec
from pyiceberg.schema import Schema
from pyiceberg.transforms import (
    DayTransform,
    HourTransform,
    IdentityTransform,
    MonthTransform,
    Transform,
    YearTransform,
)
from pyiceberg.types import DateType, NestedField, StringType, TimestamptzType

from tidemark.lineage.partition_age import (
    DAY,
    HOUR,
    Age,
    age_of,
    is_comparable,
    is_later,
    is_older,
    newest,
    oldest,
    overlaps,
)

EPOCH = datetime(1970, 1, 1, tzinfo=UTC)


def lies(landing: int | None = None, day: int | None = None, landing_day: int | None = None) -> Age:
    """Return a partition of a landing hour or a landing day, and of an event day."""
    spans = [
        (1, landing, HOUR),
        (1, landing_day, DAY),
        (2, day, DAY),
    ]
    return tuple((of, value * unit, (value + 1) * unit) for of, value, unit in spans if value is not None)


@pytest.mark.parametrize(
    ("one", "other", "older", "later"),
    [
        (lies(1, 0), lies(2, 0), True, False),
        (lies(1, 0), lies(2, 1), True, False),
        (lies(2, 0), lies(2, 0), False, False),
        (lies(9, 0), lies(2, 1), False, True),  # a late row: newer by its landing
        (lies(2, 1), lies(2, 0), False, True),
        (lies(day=0), lies(day=1), True, False),
        (lies(day=0), lies(landing=9), False, False),
        (lies(), lies(2, 0), False, False),
        (lies(23), lies(landing_day=1), True, False),  # an earlier layout by the hour
        (lies(24), lies(landing_day=1), False, False),
        (lies(48), lies(landing_day=1), False, True),
        (lies(30, 0), lies(landing_day=1, day=1), True, False),
    ],
)
def test_each_time_of_a_partition_is_compared_by_itself(one: Age, other: Age, older: bool, later: bool) -> None:
    assert (is_older(one, other), is_later(one, other)) == (older, later)


def test_partitions_without_a_time_in_common_are_not_compared() -> None:
    assert is_comparable(lies(1, 0), lies(day=7))
    assert not is_comparable(lies(day=0), lies(landing=0))
    assert not is_comparable(lies(), lies())


@pytest.mark.parametrize(
    ("one", "other", "expected"),
    [
        (lies(25, 0), lies(landing_day=1, day=0), True),
        (lies(25, 0), lies(landing_day=1, day=1), False),
        (lies(23, 0), lies(landing_day=1, day=0), False),
        (lies(25), lies(day=1), False),
    ],
)
def test_partitions_of_two_layouts_overlap_where_all_their_times_do(one: Age, other: Age, expected: bool) -> None:
    assert (overlaps(one, other), overlaps(other, one)) == (expected, expected)


def test_the_oldest_and_the_newest_are_those_that_none_lies_before_or_after() -> None:
    ages = [lies(3, 2), lies(2, 1), lies(9, 0), lies(4, 2), lies(4, 2)]

    assert oldest(ages) == [lies(2, 1), lies(9, 0)]
    assert newest(ages) == [lies(9, 0), lies(4, 2)]


def test_the_oldest_partition_is_found_across_two_layouts() -> None:
    ages = [lies(landing_day=1, day=2), lies(29, 1), lies(landing_day=2, day=2)]

    assert oldest(ages) == [lies(29, 1)]
    assert newest(ages) == [lies(landing_day=2, day=2)]


@pytest.mark.parametrize(
    ("transform", "value", "start", "end"),
    [
        (HourTransform(), 25, datetime(1970, 1, 2, 1), datetime(1970, 1, 2, 2)),
        (DayTransform(), -1, datetime(1969, 12, 31), datetime(1970, 1, 1)),
        (MonthTransform(), 0, datetime(1970, 1, 1), datetime(1970, 2, 1)),
        (MonthTransform(), 12 * 54 + 1, datetime(2024, 2, 1), datetime(2024, 3, 1)),
        (MonthTransform(), 12 * 130 + 11, datetime(2100, 12, 1), datetime(2101, 1, 1)),
        (MonthTransform(), -1, datetime(1969, 12, 1), datetime(1970, 1, 1)),
        (YearTransform(), 54, datetime(2024, 1, 1), datetime(2025, 1, 1)),
        (YearTransform(), -1969, datetime(1, 1, 1), datetime(2, 1, 1)),
        (IdentityTransform(), 7, datetime(1970, 1, 1, 0, 0, 0, 7), datetime(1970, 1, 1, 0, 0, 0, 8)),
    ],
)
def test_a_partition_stands_for_a_span_of_time(
    transform: Transform[Any, Any], value: int, start: datetime, end: datetime
) -> None:
    age = age_of(table_by(1, transform), in_partition(value))

    assert age == ((1, micros(start), micros(end)),)


def test_the_last_month_and_year_of_a_calendar_have_an_end() -> None:
    (_, _, month), (_, _, year) = (
        age_of(table_by(1, transform), in_partition(value))[0]
        for transform, value in ((MonthTransform(), 12 * 8029 + 11), (YearTransform(), 8029))
    )

    assert month == year == micros(datetime(9999, 12, 31)) + DAY


def test_what_is_no_time_and_what_is_null_has_no_age() -> None:
    assert age_of(table_by(3, IdentityTransform()), in_partition("shop")) == ()
    assert age_of(table_by(1, DayTransform()), in_partition(None)) == ()
    assert age_of(table_by(2, IdentityTransform()), in_partition(3)) == ((2, 3 * DAY, 4 * DAY),)


def micros(instant: datetime) -> int:
    return (instant.replace(tzinfo=UTC) - EPOCH) // timedelta(microseconds=1)


def table_by(column: int, transform: Transform[Any, Any]) -> Any:
    fields = (
        NestedField(1, "at", TimestamptzType()),
        NestedField(2, "day", DateType()),
        NestedField(3, "application", StringType()),
    )
    spec = PartitionSpec(PartitionField(column, 1000, transform, "part"), spec_id=4)
    schema = Schema(*fields)
    return SimpleNamespace(specs=lambda: {4: spec}, schema=lambda: schema)


def in_partition(value: Any) -> Any:
    return SimpleNamespace(data_file=SimpleNamespace(spec_id=4, partition=[value]))
