"""Which of an input's partitions are the older ones, told by their values in time.

A late row lies in a partition that is old by its events and new by its landing. So each time that a partition
has is compared by itself.
"""

from __future__ import annotations

from collections.abc import Iterable

from pyiceberg.manifest import ManifestEntry
from pyiceberg.partitioning import PartitionField
from pyiceberg.table import Table
from pyiceberg.transforms import DayTransform, HourTransform, IdentityTransform, MonthTransform, YearTransform
from pyiceberg.types import DateType, TimestampType, TimestamptzType

Age = tuple[tuple[str, int], ...]
"""A partition's values in time, each after what it is of, such as `hour of 5`. Empty where it has none."""

_PERIODS = (HourTransform, DayTransform, MonthTransform, YearTransform)
_TIMES = (DateType, TimestampType, TimestamptzType)


def age_of(table: Table, entry: ManifestEntry) -> Age:
    """The values in time of the partition in which a file lies."""
    fields = table.specs()[entry.data_file.spec_id].fields
    values = [(field, entry.data_file.partition[place]) for place, field in enumerate(fields)]
    known = [(field, value) for field, value in values if value is not None and _is_time(table, field)]
    return tuple(sorted((f"{field.transform} of {field.source_id}", int(value)) for field, value in known))


def _is_time(table: Table, field: PartitionField) -> bool:
    if isinstance(field.transform, _PERIODS):
        return True
    is_plain = isinstance(field.transform, IdentityTransform)
    return is_plain and isinstance(table.schema().find_type(field.source_id), _TIMES)


def is_comparable(one: Age, other: Age) -> bool:
    """Whether two partitions have a time in common."""
    return bool(_common(one, other))


def is_older(one: Age, other: Age) -> bool:
    """Whether a partition lies before another in one time and after it in none."""
    pairs = _common(one, other)
    return any(a < b for a, b in pairs) and all(a <= b for a, b in pairs)


def is_later(one: Age, other: Age) -> bool:
    """Whether a partition lies after another in some time: what landed later, whatever its events."""
    return any(a > b for a, b in _common(one, other))


def oldest(ages: Iterable[Age]) -> list[Age]:
    """Those that no other is older than."""
    found: list[Age] = []
    for age in sorted(set(ages)):
        if not any(is_older(other, age) for other in found):
            found.append(age)
    return found


def newest(ages: Iterable[Age]) -> list[Age]:
    """Those that are older than no other."""
    found: list[Age] = []
    for age in sorted(set(ages), reverse=True):
        if not any(is_older(age, other) for other in found):
            found.append(age)
    return found


def _common(one: Age, other: Age) -> list[tuple[int, int]]:
    known = dict(other)
    return [(value, known[of]) for of, value in one if of in known]
