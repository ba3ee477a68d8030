"""Where a snapshot differs from its parent along a dataset's known time, as the snapshot itself says.

A rebuilt partition holds rows of many known times, and the bounds of its files cover them all, although a late record
changes only what became known with it. The session that rebuilt the partition compared its rows, so it can say exactly
which known times differ.
"""

from __future__ import annotations

import json
from collections.abc import Iterable
from dataclasses import dataclass
from datetime import datetime

from tidemark.state.changes import ChangedFile
from tidemark.state.ranges import Interval, union

MOST = 200
"""The largest number of intervals that is recorded. More are joined into one."""


@dataclass(frozen=True)
class KnownChanges:
    """The changes of one snapshot along a column.

    They are true of `parent` and the snapshot only, so they do not hold if the same files were committed on another
    snapshot.
    """

    column: str
    parent: int
    changed: tuple[ChangedFile, ...]

    @classmethod
    def of(cls, column: str, parent: int, changed: Iterable[ChangedFile]) -> KnownChanges:
        """Join adjacent and overlapping intervals, and add up their rows."""
        found = tuple(changed)
        spans = union(change.span for change in found)
        if len(spans) > MOST:
            spans = (Interval(spans[0].start, spans[-1].end),)
        joined = (ChangedFile(span, sum(c.rows for c in found if _holds(span, c.span))) for span in spans)
        return cls(column, parent, tuple(joined))

    def to_json(self) -> str:
        """Return the text of the snapshot property."""
        changed = [[c.span.start.isoformat(), c.span.end.isoformat(), c.rows] for c in self.changed]
        return json.dumps({"column": self.column, "parent": self.parent, "changed": changed})

    @classmethod
    def from_json(cls, text: str) -> KnownChanges | None:
        """Read the text of the property; None if it is not in this form, which another version may have written."""
        try:
            raw = json.loads(text)
            changed = [ChangedFile(_interval(start, end), int(rows)) for start, end, rows in raw["changed"]]
            return cls(str(raw["column"]), int(raw["parent"]), tuple(changed))
        except (ValueError, TypeError, KeyError, OverflowError, RecursionError):
            return None


def _holds(span: Interval, part: Interval) -> bool:
    return span.start <= part.start and part.end <= span.end


def _interval(start: str, end: str) -> Interval:
    """Return an interval. Raises ValueError if it is empty or has no time zone."""
    first, last = datetime.fromisoformat(start), datetime.fromisoformat(end)
    if first.tzinfo is None or last.tzinfo is None or first >= last:
        raise ValueError(f"{start} to {end} is not an interval")
    return Interval(first, last)
