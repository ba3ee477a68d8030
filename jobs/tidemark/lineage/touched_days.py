"""Where the rows of an input without event time say by themselves which days of its readers they affect.

Such an input is a small table that is looked up, such as one of settings by name. Its changed files are read, in
this one column, because the bounds of a file do not tell what a list holds.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable
from dataclasses import replace
from datetime import UTC, date, datetime, time, timedelta

from pyiceberg.table import Table

from tidemark.catalog.storage import read_column
from tidemark.errors import StorageError
from tidemark.lineage.changes import changed_files
from tidemark.state.changes import ChangedFile, Changes
from tidemark.state.ranges import Interval


def with_touched_days(table: Table, changes: Changes, column: str, reader: str) -> Changes:
    """The changes with the days that the changed rows list, one entry a day.

    A row without a list (null) may affect any day and stays timeless, and so does everything in a changed file that
    is no longer there. A first read touches nothing: there is no earlier row of the reader that could be wrong.
    """
    if changes.from_snapshot is None or not changes.timeless_rows:
        return changes
    try:
        lists = read_column(table, changed_files(table, changes, reader), column)
    except StorageError:
        return changes
    return replace(changes, files=_by_day(lists), timeless_rows=sum(days is None for days in lists))


def _by_day(lists: Iterable[list[date] | None]) -> tuple[ChangedFile, ...]:
    rows = Counter(day for days in lists for day in set(days or ()))
    return tuple(ChangedFile(_whole_day(day), count) for day, count in sorted(rows.items()))


def _whole_day(day: date) -> Interval:
    start = datetime.combine(day, time(), UTC)
    return Interval(start, start + timedelta(days=1))
