"""Measure times, and print them as a table."""

from __future__ import annotations

import os
import statistics
import time
from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass, field


@dataclass(frozen=True)
class Row:
    """One line of the table: what was measured, the median in seconds, the ratio to another line, and the goal."""

    what: str
    seconds: float
    ratio: str = ""
    goal: str = ""


@dataclass
class Figures:
    """The results of one bench, and the command that repeats it."""

    title: str
    command: str
    rows: list[Row] = field(default_factory=list)
    notes: list[str] = field(default_factory=list)

    def add(self, what: str, seconds: Sequence[float], beside: str = "", goal: str = "") -> float:
        """Add a line with the median of some measurements, and return the median.

        If `beside` names an earlier line, the line also shows the ratio to it.
        """
        median = statistics.median(seconds)
        ratio = f"{median / self.seconds(beside):.2f} x {beside}" if beside else ""
        self.rows.append(Row(what, median, ratio, goal))
        return median

    def note(self, text: str) -> None:
        """Add a sentence below the table."""
        self.notes.append(text)

    def seconds(self, what: str) -> float:
        """Return the median of the line `what`."""
        return next(row.seconds for row in self.rows if row.what == what)

    def __str__(self) -> str:
        lines = [("", "seconds", "ratio", "goal")]
        lines += [(row.what, _seconds(row.seconds), row.ratio, row.goal) for row in self.rows]
        widths = [max(len(line[i]) for line in lines) for i in range(4)]
        shown = [f"  {a:<{widths[0]}}  {b:>{widths[1]}}  {c:<{widths[2]}}  {d}".rstrip() for a, b, c, d in lines]
        notes = [f"  {note}" for note in self.notes]
        return "\n".join([self.title, *shown, *notes, f"  again: {self.command}   ({machine()})"])


def machine() -> str:
    """Return the number of cores and the load of the last minute. Load changes times more than ratios."""
    return f"{os.cpu_count()} cores, load {os.getloadavg()[0]:.1f}"


def measure(work: Callable[[], object]) -> float:
    """Return the seconds that a piece of work takes."""
    start = time.perf_counter()
    work()
    return time.perf_counter() - start


class Stopwatch:
    """Measures the seconds of named parts of a piece of work."""

    def __init__(self) -> None:
        self.seconds: dict[str, float] = {}

    @contextmanager
    def time(self, name: str) -> Iterator[None]:
        """Measure a part. The times of parts with the same name are added."""
        start = time.perf_counter()
        yield
        self.seconds[name] = self.seconds.get(name, 0.0) + time.perf_counter() - start

    @property
    def total(self) -> float:
        """The seconds of all parts together."""
        return sum(self.seconds.values())


def _seconds(value: float) -> str:
    return f"{value:.4f}" if value < 0.1 else f"{value:.2f}"
