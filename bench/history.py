"""Months of hourly logs that are handed in at once: the time to build them, and the peak memory of Spark's server.

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
"""The rows that each table must hold for each request. The benches' logs have no duplicates and no broken records."""


@dataclass(frozen=True)
class Sizes:
    """Hours of history, requests in each hour, number of files, and the server's heap in gigabytes.

    The heap is fixed, because a heap that depends on the machine would not show how much the work needs.
    """

    hours: int = 2160
    requests: int = 20
    files: int = 3
    heap: int = 3


def run(place: Place, sizes: Sizes, figures: Figures) -> None:
    """Write the logs, build the chain of datasets from them, and check the number of rows of each table.

    The bench starts its own server, so that the peak memory is that of this bench alone.
    """
    lake = _home(place, sizes)
    watch = Stopwatch()
    with watch.time("logs"):
        write_logs(lake.settings.landing / "logs", sizes.hours, sizes.requests, sizes.files)
    try:
        for dataset in CHAIN:
            _build(lake, watch, dataset)
        _check(lake, sizes)
        peak = peak_megabytes(lake.settings)
    finally:
        stop_server(lake.settings)
    _show(lake, sizes, watch, figures)
    figures.note(f"peak memory of Spark's server: {peak} MB, with a heap of {sizes.heap} GB")


def _show(lake: BenchLake, sizes: Sizes, watch: Stopwatch, figures: Figures) -> None:
    for dataset in CHAIN:
        figures.add(dataset, [watch.seconds[dataset]])
    figures.add("all sessions", [sum(watch.seconds[dataset] for dataset in CHAIN)])
    records = sizes.hours * sizes.requests * RECORDS
    figures.note(f"{records:,} records over {sizes.hours:,} hours in {sizes.files} files")
    files = [f"{dataset.partition('.')[2]} {lake.files_of(dataset)}" for dataset in ROWS_A_REQUEST]
    figures.note(f"files of the tables: {', '.join(files)}")


def _home(place: Place, sizes: Sizes) -> BenchLake:
    """Create a home with the product's own specs and values, for history that is handed in."""
    home = place.folder / f"history-{sizes.hours}-{sizes.requests}"
    (home / "landing" / "logs").mkdir(parents=True)
    (home / "search.yaml").write_text("landing: {settling: 0s, completeness: data}\n", encoding="utf-8")
    settings = replace(load_settings({"TIDEMARK_HOME": str(home)}), spark_memory=f"{sizes.heap}g")
    ensure_server(settings)
    return BenchLake(settings, clock=_end(sizes) + timedelta(days=1))


def _end(sizes: Sizes) -> datetime:
    return day(0) + timedelta(hours=sizes.hours)


def _build(lake: BenchLake, watch: Stopwatch, dataset: str) -> None:
    """Run sessions of the dataset until it owes nothing."""
    owes = True
    while owes:
        with watch.time(dataset):
            done = lake.run(dataset)
        owes = done.watermark is not None and bool(done.watermark.owed)


def _check(lake: BenchLake, sizes: Sizes) -> None:
    wanted = {dataset: rows * sizes.hours * sizes.requests for dataset, rows in ROWS_A_REQUEST.items()}
    wanted["search.quarantined_records"] = 0
    found = {dataset: lake.rows_of(dataset) for dataset in wanted}
    if found != wanted:
        raise RuntimeError(f"wrong number of rows after all sessions: {found}; expected: {wanted}")


def peak_megabytes(settings: Settings) -> int:
    """Return the peak resident memory of the home's Spark server in megabytes, as Linux counts it."""
    server = ServerState(settings.run).server()
    if server is None:
        raise RuntimeError("Spark's server ended before its memory was read; see logs/spark-connect.log of the home")
    lines = Path(f"/proc/{server.pid}/status").read_text(encoding="utf-8").splitlines()
    return next(int(line.split()[1]) // 1024 for line in lines if line.startswith("VmHWM:"))
