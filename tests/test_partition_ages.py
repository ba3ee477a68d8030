"""Which of two partitions is the older, where each has a landing hour, an event day, or both."""

from __future__ import annotations

import pytest

from tidemark.lineage.partition_age import Age, is_comparable, is_later, is_older, newest, oldest


def lies(landing: int | None = None, day: int | None = None) -> Age:
    values = {"day of 2": day, "hour of 1": landing}
    return tuple((of, value) for of, value in values.items() if value is not None)


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
    ],
)
def test_each_time_of_a_partition_is_compared_by_itself(one: Age, other: Age, older: bool, later: bool) -> None:
    assert (is_older(one, other), is_later(one, other)) == (older, later)


def test_partitions_without_a_time_in_common_are_not_compared() -> None:
    assert is_comparable(lies(1, 0), lies(day=7))
    assert not is_comparable(lies(day=0), lies(landing=0))
    assert not is_comparable(lies(), lies())


def test_the_oldest_and_the_newest_are_those_that_none_lies_before_or_after() -> None:
    ages = [lies(3, 2), lies(2, 1), lies(9, 0), lies(4, 2), lies(4, 2)]

    assert oldest(ages) == [lies(9, 0), lies(2, 1)]
    assert newest(ages) == [lies(4, 2), lies(9, 0)]
