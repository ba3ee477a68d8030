"""Many sessions on one lake with maintenance each night: the time of a session and the size of metadata stay flat.

A thousand sessions: `python -m bench housekeeping sessions=1000 a_night=50 window=50`, 21 minutes on two cores.
"""

from __future__ import annotations

import os
import time
from collections.abc import Iterator
from dataclasses import dataclass, replace
from datetime import UTC, datetime, timedelta
from pathlib import Path

from bench.data import day, few_rows
from bench.figures import Figures, measure
from bench.lake import EVENTS, BenchLake, Place
from tidemark.catalog.ops import SCHEMAS
from tidemark.operate.maintenance import maintain, maintain_ops
from tidemark.operate.maintenance.files import ORPHANS_AFTER
from tidemark.operate.maintenance.needs import KEEP_SNAPSHOTS_FOR

READERS = ("bench.facts", "bench.tallies")
TABLES = (EVENTS, *READERS)
NIGHTS_KEPT = KEEP_SNAPSHOTS_FOR.days


@dataclass(frozen=True)
class Sizes:
    """Sessions of both readers together, sessions between two nights, and sessions in one line of figures."""

    sessions: int = 96
    a_night: int = 12
    window: int = 24


@dataclass(frozen=True)
class Weight:
    """Files and megabytes in the tables' metadata folders, and snapshots of the tables."""

    files: int
    megabytes: float
    snapshots: int


def run(place: Place, sizes: Sizes, figures: Figures) -> None:
    """Run stateless and stateful sessions in turn, with an hour of rows each, and maintain the tables each night."""
    lake = _lake(place)
    seconds: list[float] = []
    nights: list[float] = []
    weights: dict[int, Weight] = {}
    day_starts: list[datetime] = []
    for number in range(sizes.sessions):
        if number % sizes.a_night == 0:
            day_starts.append(datetime.now(UTC))
        seconds.append(_session(lake, number))
        if (number + 1) % sizes.a_night == 0:
            nights.append(measure(lambda: _maintain(lake, day_starts)))
        if number + 1 in _borders(sizes):
            weights[number + 1] = _weigh(lake)
    _show(sizes, seconds, nights, weights, figures)


def _lake(place: Place) -> BenchLake:
    """Create a lake with a stateless and a stateful dataset. They have no expectations; other benches measure those."""
    lake = place.lake("housekeeping")
    for dataset, name in (("bench.shown", "facts"), ("bench.days", "tallies")):
        fresh = lake.under_another_name(dataset, name)
        bare = replace(lake.context.spec(fresh), expectations=())
        lake.context = replace(lake.context, specs={**lake.context.specs, fresh: bare})
    for unused in ("bench.shown", "bench.days", "bench.hours", "bench.weeks", "bench.totals"):
        lake.context = replace(lake.context, specs={k: v for k, v in lake.context.specs.items() if k != unused})
    return lake


def _session(lake: BenchLake, number: int) -> float:
    """Publish ten new rows if a new hour begins, run a session of one reader, and return its seconds.

    A day counts as complete at once, so that each hour changes it and each session writes rows.
    """
    hour = number // len(READERS)
    reader = READERS[number % len(READERS)]
    if number % len(READERS) == 0:
        rows = few_rows(10, 10 * hour, day(0) + timedelta(hours=hour))
        lake.add(rows, through=day(hour // 24 + 1))
    return measure(lambda: lake.run(reader))


def _maintain(lake: BenchLake, day_starts: list[datetime]) -> None:
    """Maintain all tables, with a clock by which snapshots from before the last NIGHTS_KEPT nights can expire."""
    _make_files_old(lake, day_starts)
    week_ago = day_starts[-NIGHTS_KEPT] if len(day_starts) >= NIGHTS_KEPT else day_starts[0]
    later = replace(lake.context, clock=week_ago + KEEP_SNAPSHOTS_FOR)
    for dataset in TABLES:
        maintain(later, dataset)
    maintain_ops(later)


def _make_files_old(lake: BenchLake, day_starts: list[datetime]) -> None:
    """Set the times of files from before the last nights to the age that they would have in real days."""
    nights = ORPHANS_AFTER.days
    if len(day_starts) <= nights:
        return
    border = day_starts[-nights].timestamp()
    old = time.time() - (ORPHANS_AFTER + timedelta(days=1)).total_seconds()
    for path in _files(lake.settings.warehouse):
        if old < path.stat().st_mtime < border:
            os.utime(path, (old, old))


def _weigh(lake: BenchLake) -> Weight:
    folders = [path for path in lake.settings.warehouse.rglob("metadata") if path.is_dir()]
    sizes = [path.stat().st_size for folder in folders for path in _files(folder)]
    tables = [lake.context.lake.find_table(name) for name in (*TABLES, *SCHEMAS)]
    snapshots = sum(len(table.snapshots()) for table in tables if table is not None)
    return Weight(len(sizes), sum(sizes) / 1e6, snapshots)


def _files(folder: Path) -> Iterator[Path]:
    return (path for path in folder.rglob("*") if path.is_file())


def _borders(sizes: Sizes) -> list[int]:
    """Return the sessions after which a line of figures ends: the first window, the middle, the end."""
    middle = sizes.sessions // 2 // sizes.a_night * sizes.a_night
    return sorted({sizes.window, max(sizes.window, middle), sizes.sessions})


def _show(
    sizes: Sizes, seconds: list[float], nights: list[float], weights: dict[int, Weight], figures: Figures
) -> None:
    lines = [(f"sessions {end - sizes.window + 1} to {end}", end) for end in _borders(sizes)]
    for what, end in lines:
        figures.add(what, seconds[end - sizes.window : end], beside="" if what == lines[0][0] else lines[0][0])
    figures.add("maintenance of all tables, the last night", nights[-1:])
    for _, end in lines:
        w = weights[end]
        figures.note(
            f"after {end} sessions: {w.megabytes:.1f} MB in {w.files} files of metadata, {w.snapshots} snapshots"
        )
