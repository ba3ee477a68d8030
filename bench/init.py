"""Planning over many snapshots: how long `init` takes to find out from metadata what changed."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import timedelta

from bench.data import as_arrow, day, few_rows
from bench.figures import Figures, measure
from bench.lake import EVENTS, BenchLake, Place


@dataclass(frozen=True)
class Sizes:
    """Snapshots of the input since the watermark, and repeats of each measurement."""

    snapshots: tuple[int, ...] = (10, 100, 1000)
    repeats: int = 5


def run(place: Place, sizes: Sizes, figures: Figures) -> None:
    """Plan a stateless and a stateful dataset while their input gets more and more snapshots."""
    lake = place.lake("init")
    lake.add(few_rows(10, 0, day(0)), through=day(1))
    for dataset in ("bench.shown", "bench.days"):
        lake.run(dataset)
    there = 0
    for wanted in sorted(sizes.snapshots):
        _go_on(lake, there, wanted)
        there = wanted
        for dataset in ("bench.shown", "bench.days"):
            _plan(lake, dataset, wanted, sizes.repeats, figures)


def _plan(lake: BenchLake, dataset: str, snapshots: int, repeats: int, figures: Figures) -> None:
    seen = lake.plan(dataset).inputs.values()
    if not any(plan.changes.startswith(f"{snapshots:,} snapshots") for plan in seen):
        raise RuntimeError(f"the plan did not see {snapshots} snapshots: {[plan.changes for plan in seen]}")
    seconds = [measure(lambda: lake.plan(dataset)) for _ in range(repeats)]
    first = next((row.what for row in figures.rows if row.what.startswith(dataset)), "")
    figures.add(f"{dataset}, {snapshots} snapshots", seconds, beside=first)


def _go_on(lake: BenchLake, there: int, wanted: int) -> None:
    """Append to the input until it has `wanted` snapshots since the watermark, with ten rows of one hour each.

    The thousandth append takes ten times as long as the first, so the preparation takes minutes.
    """
    table = lake.table(EVENTS)
    schema = table.schema().as_arrow()
    for number in range(there, wanted):
        table.append(as_arrow(few_rows(10, 10 * (number + 1), day(1) + timedelta(hours=number)), schema))
    lake.complete(day(1) + timedelta(hours=wanted))
