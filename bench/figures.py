"""Measured times, and the table in which a bench shows them."""

from __future__ import annotations

import os
import statistics
import time
from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass, field


@dataclass(frozen=True)
class Row:
    """One line: what was measured, its median in seconds, its ratio to something named, and its goal in words."""

    what: str
    seconds: float
    ratio: str = ""
    goal: str = ""


@dataclass
class Figures:
    """What one bench found, with the command that repeats it."""

    title: str
    command: str
    rows: list[Row] = field(default_factory=list)
    notes: list[str] = field(default_factory=list)

    def add(self, what: str, seconds: Sequence[float], beside: str = "", goal: str = "") -> float:
        """Add the median of some measurements, as a ratio to the line `beside` if one is named; gives it."""
        middle = statistics.median(seconds)
        ratio = f"{middle / self.seconds(beside):.2f} x {beside}" if beside else ""
        self.rows.append(Row(what, middle, ratio, goal))
        return middle

    def note(self, text: str) -> None:
        """Add a sentence below the table."""
        self.notes.append(text)

    def seconds(self, what: str) -> float:
        """The median that stands in the line `what`."""
        return next(row.seconds for row in self.rows if row.what == what)

    def __str__(self) -> str:
        lines = [("", "seconds", "ratio", "goal")]
        lines += [(row.what, _seconds(row.seconds), row.ratio, row.goal) for row in self.rows]
        widths = [max(len(line[i]) for line in lines) for i in range(4)]
        shown = [f"  {a:<{widths[0]}}  {b:>{widths[1]}}  {c:<{widths[2]}}  {d}".rstrip() for a, b, c, d in lines]
        notes = [f"  {note}" for note in self.notes]
        return "\n".join([self.title, *shown, *notes, f"  again: {self.command}   ({machine()})"])


def machine() -> str:
    """Cores and the load of the last minute: a loaded machine makes times long, ratios less so."""
    return f"{os.cpu_count()} cores, load {os.getloadavg()[0]:.1f}"


def measure(work: Callable[[], object]) -> float:
    """Seconds that a piece of work takes."""
    begun = time.perf_counter()
    work()
    return time.perf_counter() - begun


class Stopwatch:
    """Seconds of the named parts of a piece of work."""

    def __init__(self) -> None:
        self.seconds: dict[str, float] = {}

    @contextmanager
    def lap(self, name: str) -> Iterator[None]:
        """Time a part; parts of one name are added up."""
        begun = time.perf_counter()
        yield
        self.seconds[name] = self.seconds.get(name, 0.0) + time.perf_counter() - begun

    @property
    def total(self) -> float:
        """All parts together."""
        return sum(self.seconds.values())


def _seconds(value: float) -> str:
    return f"{value:.4f}" if value < 0.1 else f"{value:.2f}"
