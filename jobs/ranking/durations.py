"""Durations and target ranges, as transforms get them in their params.

A range is a pair (start, end) of aware datetimes and does not contain its end.
"""

import re
from collections.abc import Iterable, Sequence
from datetime import UTC, date, datetime, timedelta

from pyspark.sql import Column
from pyspark.sql import functions as F

UNITS = {"d": "days", "h": "hours", "m": "minutes", "s": "seconds"}


def duration(value: object) -> timedelta:
    """Parse `28d`, `3h`, `15m` or `30s`; a timedelta is returned as it is. Raises ValueError for anything else."""
    if isinstance(value, timedelta):
        return value
    written = re.fullmatch(r"(\d+)([dhms])", str(value).strip())
    if written is None:
        raise ValueError(f"{value!r} is not a duration; write it as 28d, 3h, 15m or 30s")
    return timedelta(**{UNITS[written.group(2)]: int(written.group(1))})


def micros(value: object) -> int:
    """Return a duration in whole microseconds, the resolution of all timestamps in the lake."""
    return duration(value) // timedelta(microseconds=1)


def span(value: object) -> Column:
    """Return a duration as a Spark interval, which can be added to a timestamp."""
    return F.make_dt_interval(F.lit(0), F.lit(0), F.lit(0), F.lit(micros(value) / 1e6).cast("decimal(18,6)"))


def instants_within(instant: Column, ranges: Iterable[tuple[datetime, datetime]]) -> Column:
    """Return true if a timestamp lies in one of the ranges."""
    return any_of([(instant >= F.lit(start)) & (instant < F.lit(end)) for start, end in ranges])


def any_of(conditions: Sequence[Column]) -> Column:
    """Return true if one of the conditions is true, and false if there are no conditions.

    The conditions are joined as a balanced tree, because Spark Connect refuses expressions that nest deeper than about
    a hundred levels. Traffic with gaps has one range for each day and so may need hundreds of conditions.
    """
    if len(conditions) < 2:
        return conditions[0] if conditions else F.lit(False)
    half = len(conditions) // 2
    return any_of(conditions[:half]) | any_of(conditions[half:])


def day_bounds(ranges: Iterable[tuple[datetime, datetime]]) -> list[tuple[date, date]]:
    """Return the first UTC day of each range and the day after its last one, rounded outwards to whole days."""
    tick, day = timedelta(microseconds=1), timedelta(days=1)
    return [(start.astimezone(UTC).date(), (end.astimezone(UTC) - tick).date() + day) for start, end in ranges]


def days_within(day: Column, ranges: Iterable[tuple[datetime, datetime]]) -> Column:
    """Return true if a date lies in one of the ranges, rounded outwards to whole UTC days."""
    return any_of([(day >= F.lit(first)) & (day < F.lit(end)) for first, end in day_bounds(ranges)])


def target_days(first: Column, last: Column, ranges: Iterable[tuple[datetime, datetime]]) -> Column:
    """Return the days of [first, last] that lie in the ranges, as an array of dates, which may be empty."""
    bounds = [(begin, end - timedelta(days=1)) for begin, end in day_bounds(ranges)]
    parts = [_days(F.greatest(first, F.lit(a)), F.least(last, F.lit(b))) for a, b in bounds]
    return F.flatten(F.array(*parts)) if parts else F.array().cast("array<date>")


def _days(first: Column, last: Column) -> Column:
    days = F.sequence(first, last, F.expr("interval 1 day"))
    return F.when(first <= last, days).otherwise(F.array().cast("array<date>"))
