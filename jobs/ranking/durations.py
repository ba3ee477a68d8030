"""Durations and target ranges, as transforms meet them in their params."""

import re
from collections.abc import Iterable, Sequence
from datetime import UTC, date, datetime, timedelta

from pyspark.sql import Column
from pyspark.sql import functions as F

UNITS = {"d": "days", "h": "hours", "m": "minutes", "s": "seconds"}


def duration(value: object) -> timedelta:
    """A timedelta from `28d`, `3h`, `15m`, `30s` or a timedelta; ValueError for anything else."""
    if isinstance(value, timedelta):
        return value
    written = re.fullmatch(r"(\d+)([dhms])", str(value).strip())
    if written is None:
        raise ValueError(f"{value!r} is not a duration; write it as 28d, 3h, 15m or 30s")
    return timedelta(**{UNITS[written.group(2)]: int(written.group(1))})


def micros(value: object) -> int:
    """A duration in whole microseconds, the resolution of every timestamp in the lake."""
    return duration(value) // timedelta(microseconds=1)


def span(value: object) -> Column:
    """A duration as a Spark interval that can be added to a timestamp."""
    return F.make_dt_interval(F.lit(0), F.lit(0), F.lit(0), F.lit(micros(value) / 1e6).cast("decimal(18,6)"))


def instants_within(instant: Column, ranges: Iterable[tuple[datetime, datetime]]) -> Column:
    """True where a timestamp lies in one of the half-open UTC ranges."""
    return any_of([(instant >= F.lit(start)) & (instant < F.lit(end)) for start, end in ranges])


def any_of(conditions: Sequence[Column]) -> Column:
    """True where one of the conditions is, false without any.

    The conditions are joined as a tree of small depth: a message to Spark's server may nest a hundred levels, and days
    of traffic with gaps between them are a range each.
    """
    if len(conditions) < 2:
        return conditions[0] if conditions else F.lit(False)
    half = len(conditions) // 2
    return any_of(conditions[:half]) | any_of(conditions[half:])


def day_bounds(ranges: Iterable[tuple[datetime, datetime]]) -> list[tuple[date, date]]:
    """First UTC day and the day after the last one of each range, rounded outwards to whole days."""
    tick, day = timedelta(microseconds=1), timedelta(days=1)
    return [(start.astimezone(UTC).date(), (end.astimezone(UTC) - tick).date() + day) for start, end in ranges]


def days_within(day: Column, ranges: Iterable[tuple[datetime, datetime]]) -> Column:
    """True where a date lies in one of the ranges."""
    return any_of([(day >= F.lit(first)) & (day < F.lit(end)) for first, end in day_bounds(ranges)])


def target_days(first: Column, last: Column, ranges: Iterable[tuple[datetime, datetime]]) -> Column:
    """The days (array of dates) of [first, last] that lie in the ranges; an empty array where there are none."""
    bounds = [(begin, end - timedelta(days=1)) for begin, end in day_bounds(ranges)]
    parts = [_days(F.greatest(first, F.lit(a)), F.least(last, F.lit(b))) for a, b in bounds]
    return F.flatten(F.array(*parts)) if parts else F.array().cast("array<date>")


def _days(first: Column, last: Column) -> Column:
    days = F.sequence(first, last, F.expr("interval 1 day"))
    return F.when(first <= last, days).otherwise(F.array().cast("array<date>"))
