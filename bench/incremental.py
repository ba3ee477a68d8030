"""One new day compared with a full rebuild: the time depends on the change and not on the history."""

from __future__ import annotations

from dataclasses import dataclass

from bench.data import day, many_rows
from bench.figures import Figures, Stopwatch
from bench.lake import BenchLake, Place
from tidemark.state.cause import NEWS, Cause, Resync

CHAIN = ("bench.days", "bench.weeks")


@dataclass(frozen=True)
class Sizes:
    """Days of history, rows on each day, and repeats of each measurement."""

    days: tuple[int, ...] = (30, 60, 90)
    rows_a_day: int = 100_000
    repeats: int = 3


def run(place: Place, sizes: Sizes, figures: Figures) -> None:
    """Build each history, add one new day several times, and then rebuild everything as often."""
    first = ""
    for days in sizes.days:
        history = History(place.lake(f"incremental-{days}"), sizes.rows_a_day)
        history.go_on(days)
        history.build()
        new, full = [], []
        for _ in range(sizes.repeats):
            history.go_on(1)
            new.append(history.build().total)
        for _ in range(sizes.repeats):
            full.append(history.build(Resync()).total)
        _show(figures, days, new, full, first)
        first = first or _new_day(days)


def _new_day(days: int) -> str:
    return f"one new day on {days} days"


def _show(figures: Figures, days: int, new: list[float], full: list[float], first: str) -> None:
    whole = f"all of {days} days"
    figures.add(_new_day(days), new, beside=first, goal="flat" if first else "")
    middle = figures.add(whole, full)
    figures.note(f"{days} days: one new day takes {figures.seconds(_new_day(days)) / middle:.2f} of a full rebuild")


class History:
    """Days of events, and the chain of datasets with windows that is built from them."""

    def __init__(self, lake: BenchLake, rows_a_day: int) -> None:
        self._lake, self._rows, self._days = lake, rows_a_day, 0

    def go_on(self, days: int) -> None:
        """Publish the events of the next days."""
        frame = many_rows(self._lake.spark, self._rows, days, self._days)
        self._days += days
        self._lake.add_frame(frame, through=day(self._days))

    def build(self, cause: Cause = NEWS) -> Stopwatch:
        """Run one session of each dataset of the chain, and measure each."""
        watch = Stopwatch()
        for dataset in CHAIN:
            with watch.time(dataset):
                self._lake.run(dataset, cause)
        return watch
