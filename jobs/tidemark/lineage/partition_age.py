"""Which of an input's partitions are the older ones, told by the spans of time that they stand for.

A late row lies in a partition that is old by its event time and new by its landing, so each time column of a
partition is compared by itself. Partitions of several layouts are compared too: a table may have been partitioned by
hour before it was partitioned by day.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable

from pyiceberg.manifest import ManifestEntry
from pyiceberg.partitioning import PartitionField
from pyiceberg.table import Table
from pyiceberg.types import DateType, TimestampType, TimestamptzType

Age = tuple[tuple[int, int, int], ...]
"""For each time column of a partition: its field id, and the first microsecond and the end of the partition's span.

Empty if the partition has no time. Microseconds count from 1970; a span holds its first one and not its end.
"""

HOUR = 3_600_000_000
DAY = 24 * HOUR
"""Lengths in microseconds."""


def age_of(table: Table, entry: ManifestEntry) -> Age:
    """The spans of time of the partition in which a file lies."""
    found: list[tuple[int, int, int]] = []
    for place, field in enumerate(table.specs()[entry.data_file.spec_id].fields):
        begins, value = _begins(table, field), entry.data_file.partition[place]
        if begins is not None and value is not None:
            found.append((field.source_id, begins(int(value)), begins(int(value) + 1)))
    return tuple(sorted(found))


def _begins(table: Table, field: PartitionField) -> Callable[[int], int] | None:
    """Where the span of a partition value begins, in microseconds; None for a field that is no time."""
    transform = str(field.transform)
    if transform != "identity":
        return _BEGINS.get(transform)
    kind = table.schema().find_type(field.source_id)
    if isinstance(kind, DateType):
        return _BEGINS["day"]
    return _same if isinstance(kind, (TimestampType, TimestamptzType)) else None


def _same(value: int) -> int:
    return value


def _month(number: int) -> int:
    """The beginning of a month, counted from January 1970; Python's dates end before Iceberg's."""
    year, place = divmod(number + 10, 12)  # years that begin in March end with their leap day
    year += 1969
    days = 365 * year + year // 4 - year // 100 + year // 400 + (153 * place + 2) // 5
    return (days - _DAYS_BEFORE_1970) * DAY


_DAYS_BEFORE_1970 = 719_468
"""Days from 1 March of the year 0 to 1970-01-01."""

_BEGINS: dict[str, Callable[[int], int]] = {
    "hour": lambda value: value * HOUR,
    "day": lambda value: value * DAY,
    "month": _month,
    "year": lambda value: _month(12 * value),
}


def is_comparable(one: Age, other: Age) -> bool:
    """Whether two partitions have a time column in common."""
    return bool(_common(one, other))


def is_older(one: Age, other: Age) -> bool:
    """Whether a partition lies before another in one time column and after it in none."""
    pairs = _common(one, other)
    return any(_before(a, b) for a, b in pairs) and not any(_before(b, a) for a, b in pairs)


def is_later(one: Age, other: Age) -> bool:
    """Whether a partition lies after another in some time column: its rows landed later, whatever their events."""
    return any(_before(b, a) for a, b in _common(one, other))


def meets(one: Age, other: Age) -> bool:
    """Whether two partitions may hold rows of the same times: they have times in common, and each pair overlaps."""
    pairs = _common(one, other)
    return bool(pairs) and not any(_before(a, b) or _before(b, a) for a, b in pairs)


def oldest(ages: Iterable[Age]) -> list[Age]:
    """Those that no other is older than."""
    return _leading(sorted(set(ages)), is_older)


def newest(ages: Iterable[Age]) -> list[Age]:
    """Those that are older than no other."""
    return _leading(sorted(set(ages), reverse=True), lambda one, other: is_older(other, one))


def _leading(ages: Iterable[Age], leads: Callable[[Age, Age], bool]) -> list[Age]:
    """Those that no other leads, given those that lead mostly first."""
    found: list[Age] = []
    for age in ages:
        if not any(leads(other, age) for other in found):
            found.append(age)
    return [age for age in found if not any(leads(other, age) for other in found)]


def _before(one: tuple[int, int], other: tuple[int, int]) -> bool:
    return one[1] <= other[0]


def _common(one: Age, other: Age) -> list[tuple[tuple[int, int], tuple[int, int]]]:
    known = {source: (start, end) for source, start, end in other}
    return [((start, end), known[source]) for source, start, end in one if source in known]
