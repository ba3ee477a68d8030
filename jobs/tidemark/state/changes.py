"""What changed in an input between two of its snapshots, as frozen data."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime

from tidemark.state.ranges import Interval, Ranges, format_instant, union


@dataclass(frozen=True)
class ChangedFile:
    """Rows that were added or removed by one file: their event times, and how many they are."""

    span: Interval
    rows: int


@dataclass(frozen=True)
class Changes:
    """What happened between two snapshots of an input (from exclusive, to inclusive).

    `timeless_rows` counts the changed rows of an input without event time, whose place in time is unknown.
    `dropped` counts the commits that only took out what is older than the input keeps; `dropped_through` says
    up to when that is gone, also where a commit did more.
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
        """Whether nothing but added rows lies in the range."""
        return self.rewritten == 0

    @property
    def touched(self) -> Ranges:
        """The event times of all rows that were added or removed."""
        return union(file.span for file in self.files)

    @property
    def rows(self) -> int:
        """How many rows the changed files hold, added and removed ones together."""
        return sum(file.rows for file in self.files)

    def describe(self) -> str:
        """One line for people."""
        if self.from_snapshot is None:
            head = f"first read, snapshot {self.to_snapshot}"
        else:
            count = self.appended + self.rewritten + self.dropped + self.kept
            kinds = [f"{n} {word}" for n, word in self._kinds() if n]
            head = f"{count} snapshots" + (f" ({', '.join(kinds)})" if kinds else "")
            if not count:
                return "nothing new"
        if self.timeless_rows:
            return f"{head}; {self.timeless_rows} rows"
        if not self.files:
            return f"{head}; no rows"
        span = Interval(min(f.span.start for f in self.files), max(f.span.end for f in self.files))
        return f"{head}; {self.rows} rows from {format_instant(span.start)} to {format_instant(span.end)}"

    def _kinds(self) -> tuple[tuple[int, str], ...]:
        return (
            (self.appended, "appended"),
            (self.rewritten, "rewritten"),
            (self.dropped, "retention"),
            (self.kept, "content kept"),
        )
