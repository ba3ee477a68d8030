"""Write, audit, publish: a session compared with a plain Spark append of the same rows into a similar table."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

from bench import transforms
from bench.data import day, many_rows
from bench.figures import Figures, Stopwatch
from bench.fixed import step_by_step
from bench.lake import EVENTS, BenchLake, Place
from tidemark.audit import preload
from tidemark.audit.files import staged_files
from tidemark.audit.floor import judge
from tidemark.audit.grain import find_repeats
from tidemark.audit.gx import run_expectations
from tidemark.audit.rows import ChangedRows
from tidemark.audit.rules import rules_of
from tidemark.engine.frames import qualified
from tidemark.spec import DatasetSpec

DATASET = "bench.shown"
DAYS = 10


@dataclass(frozen=True)
class Sizes:
    """Numbers of rows, tables partitioned by day (1) or not at all (0), and repeats of each measurement."""

    rows: tuple[int, ...] = (2_000_000, 10_000_000)
    partitioned: tuple[int, ...] = (1, 0)
    repeats: int = 3


def run(place: Place, sizes: Sizes, figures: Figures) -> None:
    """Measure sessions and plain appends in turn, each into a new table, and then the parts of the audit alone."""
    preload()
    for rows in sizes.rows:
        lake = place.lake(f"wap-{rows}")
        lake.add_frame(many_rows(lake.spark, rows // DAYS, DAYS), through=day(DAYS))
        for partitioned in sizes.partitioned:
            Turns(lake, rows, bool(partitioned), figures).take(sizes.repeats)


class Turns:
    """Sessions and plain appends of one number of rows into one kind of table."""

    def __init__(self, lake: BenchLake, rows: int, partitioned: bool, figures: Figures) -> None:
        self._lake, self._partitioned, self._figures = lake, partitioned, figures
        self._what = f"{rows:,} rows {'by day' if partitioned else 'not partitioned'}"
        self._bare: list[float] = []
        self._sessions: list[Stopwatch] = []
        self._parts: list[Stopwatch] = []

    def take(self, repeats: int) -> None:
        """Run one of each to warm up, then measure them in turn."""
        for turn in range(repeats + 1):
            bare = self._append(f"bare_{turn}")
            session, parts = self._session(f"session_{turn}")
            if turn:
                self._bare.append(bare)
                self._sessions.append(session)
                self._parts.append(parts)
        self._show()

    def _append(self, name: str) -> float:
        """Append the same rows, by the same transform, to a new table of the same kind; return the seconds."""
        dataset = self._new_table(name)
        watch = Stopwatch()
        with watch.time("append"):
            spark = self._lake.spark
            rows = transforms.shown({"events": spark.table(qualified(EVENTS))}, {})
            rows.select(*self._lake.context.spec(dataset).columns).writeTo(qualified(dataset)).append()
        return watch.total

    def _session(self, name: str) -> tuple[Stopwatch, Stopwatch]:
        """Measure a whole session by step, and then the passes of its audit again, one after the other."""
        dataset = self._new_table(name)
        before = self._lake.table(dataset).current_snapshot()
        session = step_by_step(self._lake, dataset)
        assert before is not None, "ensure_table gives each table a first snapshot"
        return session, audit_parts(self._lake, self._lake.context.spec(dataset), before.snapshot_id)

    def _new_table(self, name: str) -> str:
        kind = "by_day" if self._partitioned else "flat"
        dataset = self._lake.under_another_name(DATASET, f"shown_{kind}_{name}", self._partitioned)
        self._lake.table(dataset)
        return dataset

    def _show(self) -> None:
        bare = f"{self._what}: bare append"
        self._figures.add(bare, self._bare)
        sessions = [watch.total for watch in self._sessions]
        self._figures.add(f"{self._what}: session", sessions, beside=bare, goal="1.5 x at 10 million")
        self._split(self._sessions, bare, "  {}")
        self._split(self._parts, bare, "  audit's {} pass by itself")

    def _split(self, watches: Sequence[Stopwatch], bare: str, words: str) -> None:
        for part in watches[0].seconds:
            seconds = [watch.seconds[part] for watch in watches]
            self._figures.add(f"  {words.format(part)}", seconds, beside=bare)


def audit_parts(lake: BenchLake, spec: DatasetSpec, base: int) -> Stopwatch:
    """Measure each pass of the audit of the newest snapshot. In a session the passes run at the same time."""
    watch = Stopwatch()
    table = lake.table(spec.dataset)
    head = table.current_snapshot()
    assert head is not None, "a session has published it"
    with watch.time("floor by metadata"):
        files = staged_files(table, head.snapshot_id, base)
        open_rules = [rule for rule in rules_of(spec, None) if not judge(rule, files).passed]
    changed = ChangedRows(lake.spark, spec, head.snapshot_id, base, None, True, files)
    with watch.time("floor by rows"):
        changed.count(open_rules)
    with watch.time("grain"):
        find_repeats(changed)
    with watch.time("expectations"):
        run_expectations(changed.frame(), spec.expectations, spec.dataset, "bench")
    return watch
