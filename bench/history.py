"""Months of hourly logs handed in at once: landed and built by real sessions, with the peak memory of Spark's server.

A year with 3 million records: `python -m bench history hours=8760 requests=114 files=12`.
"""

from __future__ import annotations

from dataclasses import dataclass, replace
from datetime import datetime, timedelta
from pathlib import Path

from bench.data import day
from bench.figures import Figures, Stopwatch
from bench.lake import BenchLake, Place
from bench.search_logs import HITS, RECORDS, write_logs
from tidemark.engine.server_state import ServerState
from tidemark.engine.session import ensure_server, stop_server
from tidemark.settings import Settings, load_settings

CHAIN = (
    "search.search_queries",
    "search.search_events",
    "search.quarantined_records",
    "search.search_requests",
    "search.user_actions",
    "search.position_bases",
    "search.impressions",
    "search.interactions",
)
ROWS_A_REQUEST = {
    "search.search_queries": 1,
    "search.search_events": RECORDS - 1,
    "search.search_requests": 1,
    "search.user_actions": RECORDS - 1,
    "search.impressions": HITS,
    "search.interactions": HITS,
}
"""What each table has to hold; the benches' logs have no doubles and nothing broken."""


@dataclass(frozen=True)
class Sizes:
    """Hours of history, requests in each hour, over how many files they are spread, and gigabytes of the server's heap.

    The heap is given, because one that follows the machine would say nothing of what the work needs.
    """

    hours: int = 2160
    requests: int = 20
    files: int = 3
    heap: int = 3


def run(place: Place, sizes: Sizes, figures: Figures) -> None:
    """Write the logs, run one chain of sessions over them, and compare each table with what was handed in.

    The server is the bench's own, so that its peak is this bench's alone.
    """
    lake = _home(place, sizes)
    watch = Stopwatch()
    with watch.lap("logs"):
        write_logs(lake.settings.landing / "logs", sizes.hours, sizes.requests, sizes.files)
    try:
        for dataset in CHAIN:
            _build(lake, watch, dataset)
        _check(lake, sizes)
        peak = peak_megabytes(lake.settings)
    finally:
        stop_server(lake.settings)
    _show(lake, sizes, watch, figures)
    figures.note(f"Spark's server: {peak} MB at its peak, with a heap of {sizes.heap} GB")


def _show(lake: BenchLake, sizes: Sizes, watch: Stopwatch, figures: Figures) -> None:
    for dataset in CHAIN:
        figures.add(dataset, [watch.seconds[dataset]])
    figures.add("all sessions", [sum(watch.seconds[dataset] for dataset in CHAIN)])
    records = sizes.hours * sizes.requests * RECORDS
    figures.note(f"{records:,} records over {sizes.hours:,} hours in {sizes.files} files")
    files = [f"{dataset.partition('.')[2]} {lake.files_of(dataset)}" for dataset in ROWS_A_REQUEST]
    figures.note(f"files of the tables: {', '.join(files)}")


def _home(place: Place, sizes: Sizes) -> BenchLake:
    """A home with the product's own specs and values, into which history is handed in."""
    home = place.folder / f"history-{sizes.hours}-{sizes.requests}"
    (home / "landing" / "logs").mkdir(parents=True)
    (home / "search.yaml").write_text("landing: {settling: 0s, completeness: data}\n", encoding="utf-8")
    settings = replace(load_settings({"TIDEMARK_HOME": str(home)}), spark_memory=f"{sizes.heap}g")
    ensure_server(settings)
    return BenchLake(settings, clock=_end(sizes) + timedelta(days=1))


def _end(sizes: Sizes) -> datetime:
    return day(0) + timedelta(hours=sizes.hours)


def _build(lake: BenchLake, watch: Stopwatch, dataset: str) -> None:
    """The dataset's sessions, until nothing is owed."""
    owes = True
    while owes:
        with watch.lap(dataset):
            done = lake.run(dataset)
        owes = done.watermark is not None and bool(done.watermark.owed)


def _check(lake: BenchLake, sizes: Sizes) -> None:
    wanted = {dataset: rows * sizes.hours * sizes.requests for dataset, rows in ROWS_A_REQUEST.items()}
    wanted["search.quarantined_records"] = 0
    found = {dataset: lake.rows_of(dataset) for dataset in wanted}
    if found != wanted:
        raise RuntimeError(f"rows after all sessions: {found}, handed in were {wanted}")


def peak_megabytes(settings: Settings) -> int:
    """The largest resident memory that the home's Spark server had so far, as Linux counts it."""
    server = ServerState(settings.run).server()
    if server is None:
        raise RuntimeError("Spark's server ended before its memory was read; see logs/spark-connect.log of the home")
    lines = Path(f"/proc/{server.pid}/status").read_text(encoding="utf-8").splitlines()
    return next(int(line.split()[1]) // 1024 for line in lines if line.startswith("VmHWM:"))
