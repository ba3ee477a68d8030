"""Changes of an input without event time whose rows list the times that they affect.

Such an input is a small lookup table, for example of settings by name. The list column of its changed files is read,
because the bounds of a file do not show what its lists hold.
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
from tidemark.state.ranges import MICROSECOND, Interval


def with_touched_times(table: Table, changes: Changes, column: str, reader: str) -> Changes:
    """Return the changes with the times that the changed rows list in `column`: instants, or dates for whole UTC days.

    A row without a list (null) may affect any time and stays timeless. If a changed file is no longer there, all
    changes stay timeless. A first read touches nothing, because the reader has no earlier rows that could be wrong.
    """
    if changes.from_snapshot is None or not changes.timeless_rows:
        return changes
    try:
        lists = read_column(table, changed_files(table, changes, reader), column)
    except StorageError:
        return changes
    return replace(changes, files=_by_time(lists), timeless_rows=sum(times is None for times in lists))


def _by_time(lists: Iterable[list[date] | None]) -> tuple[ChangedFile, ...]:
    rows = Counter(_span(each) for times in lists for each in set(times or ()))
    return tuple(ChangedFile(span, count) for span, count in sorted(rows.items()))


def _span(listed: date) -> Interval:
    if isinstance(listed, datetime):
        return Interval(listed, listed + MICROSECOND)
    start = datetime.combine(listed, time(), UTC)
    return Interval(start, start + timedelta(days=1))
