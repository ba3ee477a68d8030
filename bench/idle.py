"""A session with nothing new: what a dataset costs in an hour in which nothing happened."""

from __future__ import annotations

import json
import os
from dataclasses import dataclass, replace

from bench.children import python, time_python
from bench.data import day, few_rows
from bench.figures import Figures
from bench.lake import CLOCK, BenchLake, Place
from tidemark.catalog import ops
from tidemark.session import dependency_order
from tidemark.state.ranges import format_instant
from tidemark.state.watermark import Watermark

NOBODY = "sc://127.0.0.1:1"
"""An address at which no server answers, so that a session that uses Spark fails."""

EMPTY = "python that does nothing"


@dataclass(frozen=True)
class Sizes:
    """Rows in the tables, older sessions in `ops`, and repeats of each measurement."""

    rows: int = 1000
    history: int = 200
    repeats: int = 5


def run(place: Place, sizes: Sizes, figures: Figures) -> None:
    """Measure idle sessions in a running process and as a whole process. Neither may load Spark or an auditor."""
    lake = place.lake("idle")
    prepare(lake, sizes)
    environment = replace(place, remote=NOBODY).environment("idle")
    figures.add(EMPTY, time_python(sizes.repeats, ["-c", "pass"], environment))
    _measure_in_one_process(figures, environment, sizes)
    command = ["-m", "tidemark", "run", "bench.days", "--clock", format_instant(CLOCK)]
    whole = time_python(sizes.repeats, command, environment)
    figures.add("bench.days as a whole process", whole, beside=EMPTY, goal="2 s")


def prepare(lake: BenchLake, sizes: Sizes) -> None:
    """Land one file, run every dataset once, and add records of older sessions to `ops`."""
    folder = lake.settings.landing / "events"
    folder.mkdir(parents=True)
    rows = [{**row, "shown_at": row["shown_at"].isoformat()} for row in few_rows(sizes.rows, 0, day(0))]
    landed = folder / "events.jsonl"
    landed.write_text("\n".join(json.dumps(row) for row in rows) + "\n", encoding="utf-8")
    os.utime(landed, (day(1).timestamp(),) * 2)  # the file settled before the sessions' clock
    for dataset in dependency_order(dict(lake.context.specs)):
        if lake.run(dataset).watermark is None:
            raise RuntimeError(f"{dataset} published nothing, so its next session would not be idle")
    for number in range(sizes.history):
        _add_old_session(lake, f"20250101-{number:012x}")


def _add_old_session(lake: BenchLake, session: str) -> None:
    row = {"session": session, "dataset": "bench.days", "how": "overwrite"}
    watermark = Watermark(session, 0, day(0), day(0)).to_json()
    ops.append(lake.context.lake, "ops.sessions", [{**row, "plan": "{}", "planned_at": CLOCK}])
    ops.append(lake.context.lake, "ops.high_watermarks", [{**row, "current": watermark, "committed_at": CLOCK}])


def _measure_in_one_process(figures: Figures, environment: dict[str, str], sizes: Sizes) -> None:
    """Measure idle sessions of all datasets, one after the other, in one running process."""
    child = python(["-m", "bench.idle_child", str(sizes.repeats)], environment).last_json()
    busy = {dataset: how for dataset, how in child["did"].items() if how != "nothing"}
    if busy or child["heavy"]:
        raise RuntimeError(f"idle sessions were not idle: {busy}, loaded {child['heavy']}")
    for dataset, seconds in child["seconds"].items():
        figures.add(f"{dataset} in a running process", seconds, goal="0.2 s")
    figures.note(f"not loaded there: {', '.join(child['looked_for'])}; no Spark server was reachable")
    figures.note(f"ops tables held {sizes.history} older sessions")
