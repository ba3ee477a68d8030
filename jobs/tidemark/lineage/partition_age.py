"""Compare the age of an input's partitions by the spans of time that they stand for.

A late row lies in a partition that is old by its event time and new by its landing time, so each time column is
compared on its own. Partitions of different layouts can be compared too: a table may have been partitioned by hour
before it was partitioned by day.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable

from pyiceberg.manifest import ManifestEntry
from pyiceberg.partitioning import PartitionField
from pyiceberg.table import Table
from pyiceberg.types import DateType, TimestampType, TimestamptzType

Age = tuple[tuple[int, int, int], ...]
"""For each time column of a partition: its field id, and start (inclusive) and end (exclusive) of the partition's span.

Start and end are microseconds since 1970. Empty if the partition has no time column.
"""

HOUR = 3_600_000_000
DAY = 24 * HOUR
"""Lengths in microseconds."""


def age_of(table: Table, entry: ManifestEntry) -> Age:
    """Return the time spans of the partition in which a file lies."""
    spans: list[tuple[int, int, int]] = []
    for index, field in enumerate(table.specs()[entry.data_file.spec_id].fields):
        start_of, value = _start_function(table, field), entry.data_file.partition[index]
        if start_of is not None and value is not None:
            spans.append((field.source_id, start_of(int(value)), start_of(int(value) + 1)))
    return tuple(sorted(spans))


def _start_function(table: Table, field: PartitionField) -> Callable[[int], int] | None:
    """Return a function from a partition value to the start of its span in microseconds; None if it is not a time."""
    transform = str(field.transform)
    if transform != "identity":
        return _STARTS.get(transform)
    kind = table.schema().find_type(field.source_id)
    if isinstance(kind, DateType):
        return _STARTS["day"]
    return _microseconds if isinstance(kind, (TimestampType, TimestamptzType)) else None


def _microseconds(value: int) -> int:
    return value


def _month_start(number: int) -> int:
    """Return the start of a month in microseconds since 1970; `number` counts months from January 1970.

    Python's own dates are not used, because they end before Iceberg's do.
    """
    year, place = divmod(number + 10, 12)  # count years from March, so that the leap day comes last
    year += 1969
    days = 365 * year + year // 4 - year // 100 + year // 400 + (153 * place + 2) // 5
    return (days - _DAYS_BEFORE_1970) * DAY


_DAYS_BEFORE_1970 = 719_468
"""Days from 1 March of the year 0 to 1970-01-01."""

_STARTS: dict[str, Callable[[int], int]] = {
    "hour": lambda value: value * HOUR,
    "day": lambda value: value * DAY,
    "month": _month_start,
    "year": lambda value: _month_start(12 * value),
}
"""The start of a partition's span in microseconds since 1970, by the name of the partition transform."""


def is_comparable(one: Age, other: Age) -> bool:
    """Return whether two partitions have a time column in common."""
    return bool(_common_spans(one, other))


def is_older(one: Age, other: Age) -> bool:
    """Return whether a partition lies before another in at least one time column and after it in no time column."""
    pairs = _common_spans(one, other)
    return any(_ends_before(a, b) for a, b in pairs) and not any(_ends_before(b, a) for a, b in pairs)


def is_later(one: Age, other: Age) -> bool:
    """Return whether a partition lies after another in at least one time column.

    For a late row that is the landing time: the row landed later, even if its event is older.
    """
    return any(_ends_before(b, a) for a, b in _common_spans(one, other))


def overlaps(one: Age, other: Age) -> bool:
    """Return whether two partitions may hold rows of the same times.

    They must have time columns in common, and their spans must overlap in each of these.
    """
    pairs = _common_spans(one, other)
    return bool(pairs) and not any(_ends_before(a, b) or _ends_before(b, a) for a, b in pairs)


def oldest(ages: Iterable[Age]) -> list[Age]:
    """Return the ages than which no other is older."""
    return _not_preceded(sorted(set(ages)), is_older)


def newest(ages: Iterable[Age]) -> list[Age]:
    """Return the ages that are older than no other."""
    return _not_preceded(sorted(set(ages), reverse=True), lambda one, other: is_older(other, one))


def _not_preceded(ages: Iterable[Age], precedes: Callable[[Age, Age], bool]) -> list[Age]:
    """Return the ages that no other age precedes. It is fast if ages that precede others mostly come first."""
    found: list[Age] = []
    for age in ages:
        if not any(precedes(other, age) for other in found):
            found.append(age)
    return [age for age in found if not any(precedes(other, age) for other in found)]


def _ends_before(one: tuple[int, int], other: tuple[int, int]) -> bool:
    return one[1] <= other[0]


def _common_spans(one: Age, other: Age) -> list[tuple[tuple[int, int], tuple[int, int]]]:
    """Return the spans of both partitions in each time column that they have in common."""
    spans = {source: (start, end) for source, start, end in other}
    return [((start, end), spans[source]) for source, start, end in one if source in spans]
