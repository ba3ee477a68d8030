"""The fixed cost of a full session: five steps over a thousand rows, with a running Connect server."""

from __future__ import annotations

from dataclasses import dataclass

from bench.children import python, time_python
from bench.data import day, few_rows
from bench.figures import Figures, Stopwatch, measure
from bench.lake import CLOCK, BenchLake, Place
from tidemark.audit import preload
from tidemark.state.ranges import format_instant
from tidemark.steps.audit import audit
from tidemark.steps.commit import commit
from tidemark.steps.init import init
from tidemark.steps.publish import publish
from tidemark.steps.write import write

HOME = "fixed"
IMPORT = "python that imports great_expectations"


@dataclass(frozen=True)
class Sizes:
    """New rows for each session, repeats of each measurement, and repeats in separate processes."""

    rows: int = 1000
    repeats: int = 5
    processes: int = 3


def run(place: Place, sizes: Sizes, figures: Figures) -> None:
    """Measure sessions in this process, as a whole and by step, and then in separate processes."""
    lake = place.lake(HOME)
    news = News(lake, sizes.rows)
    preload()
    for dataset in ("bench.shown", "bench.days"):
        news.arrive()
        lake.run(dataset)
    for dataset, kind in (("bench.shown", "append"), ("bench.days", "overwrite")):
        _in_process(lake, news, dataset, kind, sizes, figures)
    if sizes.processes:
        _as_process(place, news, sizes, figures)


class News:
    """The upstream of the bench, which publishes new rows of one day on request."""

    def __init__(self, lake: BenchLake, rows: int) -> None:
        self._lake, self._rows, self._given = lake, rows, 0

    def arrive(self) -> None:
        """Publish the next rows."""
        first = self._given * self._rows
        self._given += 1
        self._lake.add(few_rows(self._rows, first, day(0)), through=day(1))


def _in_process(lake: BenchLake, news: News, dataset: str, kind: str, sizes: Sizes, figures: Figures) -> None:
    wholes, splits = [], []
    for _ in range(sizes.repeats):
        news.arrive()
        wholes.append(measure(lambda: lake.run(dataset)))
        news.arrive()
        splits.append(step_by_step(lake, dataset).seconds)
    whole = f"{kind} in a running process"
    figures.add(whole, wholes, goal="3 s")
    for step in splits[0]:
        figures.add(f"  {kind}: {step}", [split[step] for split in splits], beside=whole)


def step_by_step(lake: BenchLake, dataset: str) -> Stopwatch:
    """Run one session and measure each of its five steps."""
    watch = Stopwatch()
    with watch.time("init"):
        planned = init(lake.context, dataset)
    with watch.time("write"):
        staged = write(lake.context, planned, "bench")
    with watch.time("audit"):
        audited = audit(lake.context, staged)
    with watch.time("publish"):
        published = publish(lake.context, audited)
    with watch.time("commit"):
        commit(lake.context, published)
    return watch


def _as_process(place: Place, news: News, sizes: Sizes, figures: Figures) -> None:
    environment = place.environment(HOME)
    command = ["-m", "tidemark", "run", "bench.shown", "--clock", format_instant(CLOCK)]
    figures.add(IMPORT, time_python(sizes.processes, ["-c", "import great_expectations"], environment))
    wholes = []
    for _ in range(sizes.processes + 1):
        news.arrive()
        wholes.append(python(command, environment).seconds)
    figures.add("append as a whole process", wholes[1:], beside=IMPORT, goal="11 s")
