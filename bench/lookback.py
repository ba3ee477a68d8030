"""A night of sessions compared with a job that rewrites the last two weeks: sessions write about a tenth of the rows.

2.5 % of each day's rows, all from the day's last six hours, arrive a night late. The other job does both stages of the
chain, each with one plain overwrite of its last `lookback` days, without plan, audit and watermark.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import TYPE_CHECKING

from bench.data import day, many_rows
from bench.figures import Figures, measure
from bench.lake import EVENTS, BenchLake, Place
from bench.transforms import hours, shown

if TYPE_CHECKING:
    from pyspark.sql import Column, DataFrame

STAGES = {"bench.shown": "shown_at", "bench.hours": "hour"}
"""The datasets of the chain in their order, each with its time column."""

LATE_HOURS = 6
ONE_IN = 10
"""One in ten of the rows of the day's last six hours is late. Six hours are a quarter of the day, so 2.5 % are late."""


@dataclass(frozen=True)
class Sizes:
    """Rows for each day, days that the other job rewrites, and nights that are measured after these days."""

    rows_a_day: int = 500_000
    lookback: int = 14
    nights: int = 3


@dataclass(frozen=True)
class Cost:
    """The cost of a night: seconds, and rows written in both stages."""

    seconds: float
    rows: int


def run(place: Place, sizes: Sizes, figures: Figures) -> None:
    """Measure the nights in both ways on the same events, and compare the rows that they wrote."""
    ours, theirs = nights(place, sizes)
    again = f"both stages, the last {sizes.lookback} days again"
    figures.add(again, [cost.seconds for cost in theirs])
    figures.add("a session of each stage", [cost.seconds for cost in ours], beside=again)
    written, rewritten = (sum(cost.rows for cost in way) for way in (ours, theirs))
    figures.note(f"rows written in {sizes.nights} nights: {written} by sessions, {rewritten} by looking back")
    figures.note(f"that is {written / rewritten:.3f} of them (goal: at most 0.1), and both ways hold the same rows")


def nights(place: Place, sizes: Sizes) -> tuple[list[Cost], list[Cost]]:
    """Return the costs of each night, by sessions and by looking back.

    Raises RuntimeError if the two ways end with different rows.
    """
    lake = place.lake("lookback")
    upstream, other = Upstream(lake, sizes.rows_a_day), LookBack(lake, sizes.lookback)
    upstream.go_on(sizes.lookback)
    _sessions(lake)
    other.begin()
    ours, theirs = [], []
    for _ in range(sizes.nights):
        upstream.go_on(1)
        ours.append(_night(lake, lambda: _sessions(lake), STAGES))
        theirs.append(_night(lake, lambda: other.write(day(upstream.days)), other.twins.values()))
    for dataset, twin in other.twins.items():
        _must_be_equal(lake, dataset, twin)
    return ours, theirs


class Upstream:
    """Events that arrive a day at a time, some of them a day late."""

    def __init__(self, lake: BenchLake, rows_a_day: int) -> None:
        self.days = 0
        self._lake, self._rows = lake, rows_a_day

    def go_on(self, days: int) -> None:
        """Publish the rows that arrive in the next days, including late rows of the day before."""
        before = max(self.days - 1, 0)
        since, until = day(self.days), day(self.days + days)
        self.days += days
        frame = many_rows(self._lake.spark, self._rows, self.days - before, before)
        arrived = _arrived(frame)
        self._lake.add_frame(frame.where((arrived >= since) & (arrived < until)), through=until)


def _arrived(frame: DataFrame) -> Column:
    """Return when a row arrives: at once, or a day later for one in ten rows of the day's last hours."""
    from pyspark.sql import functions as F

    at = frame["shown_at"]
    late = (F.hour(at) >= 24 - LATE_HOURS) & (F.pmod(F.xxhash64("query_id"), F.lit(ONE_IN)) == 0)
    return F.when(late, at + F.expr("INTERVAL 1 DAY")).otherwise(at)


class LookBack:
    """Both stages as twin tables whose last days are rewritten each night, whatever changed."""

    def __init__(self, lake: BenchLake, days: int) -> None:
        self._lake, self._days = lake, days
        self.twins = {dataset: lake.under_another_name(dataset, _twin(dataset)) for dataset in STAGES}

    def begin(self) -> None:
        """Copy each stage's rows into its twin."""
        for dataset, twin in self.twins.items():
            self._lake.table(twin)
            self._lake.frame(dataset).writeTo(f"lake.{twin}").append()

    def write(self, through: datetime) -> None:
        """Run one night: rebuild the last days of both stages."""
        since = through - timedelta(days=self._days)
        self._overwrite("bench.shown", shown({"events": self._read(EVENTS, since)}, {}), since)
        self._overwrite("bench.hours", hours({"shown": self._read(self.twins["bench.shown"], since)}, {}), since)

    def _read(self, table: str, since: datetime) -> DataFrame:
        frame = self._lake.frame(table)
        return frame.where(frame["shown_at"] >= since)

    def _overwrite(self, dataset: str, frame: DataFrame, since: datetime) -> None:
        from pyspark.sql import functions as F

        frame.writeTo(f"lake.{self.twins[dataset]}").overwrite(F.col(STAGES[dataset]) >= since)


def _twin(dataset: str) -> str:
    return f"{dataset.partition('.')[2]}_again"


def _sessions(lake: BenchLake) -> None:
    for dataset in STAGES:
        lake.run(dataset)


def _night(lake: BenchLake, work: Callable[[], object], tables: Iterable[str]) -> Cost:
    seconds = measure(work)
    return Cost(seconds, sum(lake.added_last(table) for table in tables))


def _must_be_equal(lake: BenchLake, dataset: str, twin: str) -> None:
    ours, theirs = lake.frame(dataset), lake.frame(twin)
    differ = ours.exceptAll(theirs).count() + theirs.exceptAll(ours).count()
    if differ:
        raise RuntimeError(f"{dataset}: {differ} rows differ from {twin}; this is a bug of the loop or of this bench")
