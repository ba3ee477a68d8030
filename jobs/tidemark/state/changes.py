"""What changed in an input between two of its snapshots, as frozen data."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime

from tidemark.state.ranges import Interval, Ranges, describe, to_minutes, union
from tidemark.support.text import count


@dataclass(frozen=True)
class ChangedFile:
    """Rows that one file added or removed: the interval of their event times, and their number."""

    span: Interval
    rows: int


@dataclass(frozen=True)
class Changes:
    """What happened between two snapshots of an input (from exclusive, to inclusive).

    - `appended` counts the commits that only added rows, `rewritten` those that removed or replaced rows, and `kept`
      those that changed no row.
    - `dropped` counts the commits that were nothing but retention: they removed partitions older than the input's
      `keep`. `dropped_through` is the instant through which retention removed rows, in these and in other commits.
    - `timeless_rows` counts the changed rows of an input without event time, whose place in time is unknown.
    """

    from_snapshot: int | None
    to_snapshot: int
    appended: int
    rewritten: int
    kept: int
    files: tuple[ChangedFile, ...]
    timeless_rows: int = 0
    dropped: int = 0
    dropped_through: datetime | None = None

    @property
    def append_only(self) -> bool:
        """Whether the snapshots only added rows or kept the content."""
        return self.rewritten == 0

    @property
    def touched(self) -> Ranges:
        """The event times of all added and removed rows."""
        return union(file.span for file in self.files)

    @property
    def rows(self) -> int:
        """The number of rows in the changed files, added and removed together."""
        return sum(file.rows for file in self.files)

    def describe(self) -> str:
        """Describe the changes in one line for people."""
        if self.from_snapshot is None:
            head = f"first read, snapshot {self.to_snapshot}"
        else:
            snapshots = self.appended + self.rewritten + self.dropped + self.kept
            if not snapshots:
                return "nothing new"
            kinds = [f"{n} {word}" for n, word in self._kinds() if n]
            head = f"{count(snapshots, 'snapshot')} ({', '.join(kinds)})"
        if self.timeless_rows:
            return f"{head}; {count(self.timeless_rows, 'row')}"
        if not self.files:
            return f"{head}; no rows"
        span = Interval(min(f.span.start for f in self.files), max(f.span.end for f in self.files))
        return f"{head}; {count(self.rows, 'row')} of {describe(to_minutes((span,)))}"

    def _kinds(self) -> tuple[tuple[int, str], ...]:
        return (
            (self.appended, "appended"),
            (self.rewritten, "rewritten"),
            (self.dropped, "retention"),
            (self.kept, "content kept"),
        )
