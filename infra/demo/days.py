"""The log files that arrive on each day, for the landing folder."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterator
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Any

import numpy as np

from infra.demo.behaviour import LONGEST_DELAY_DAYS, Actions, act
from infra.demo.broken import add_broken
from infra.demo.catalogue import generator
from infra.demo.files import gzip_bytes, parquet_bytes, text_bytes
from infra.demo.formats import arrow_table, bulk_lines, json_lines
from infra.demo.parameters import DAY_MS, HOUR_MS
from infra.demo.records import Records, write_records
from infra.demo.shipping import LATEST_DAYS, Shipped, ship
from infra.demo.shop import Shop
from infra.demo.visits import Requests, draw_requests

SHIP_HOURS = 4
"""Logs are shipped every four hours, into a folder named after the last hour that they cover."""
LOOK_BACK_DAYS = LONGEST_DELAY_DAYS + LATEST_DAYS + 2
"""Records that arrive on a day are at most this many days old."""
PARQUET_SLOT, BULK_SLOT, PLAIN_EVERY = 0, 2, 7


@dataclass(frozen=True)
class LogFile:
    """A file below `landing/`, with the instant at which it was completed."""

    path: str
    content: bytes
    closed_at: datetime


@dataclass(frozen=True)
class DayOfLogs:
    """Everything that arrives on a day, with the counts for `world.json`."""

    files: list[LogFile]
    counts: dict[str, Any]
    requests: Requests
    actions: Actions


def arrivals(shop: Shop, first: int, end: int) -> Iterator[DayOfLogs]:
    """Yield the days from `first` to `end` (excluded), in order. A day does not depend on `first`."""
    waiting: defaultdict[int, list[Shipped]] = defaultdict(list)
    for day in range(max(0, first - LOOK_BACK_DAYS), end):
        requests = draw_requests(shop, day)
        actions = act(shop, requests)
        shipped = ship(shop, requests, actions)
        arrival_day = (shipped.arrival_ms - shop.parameters.start_ms) // DAY_MS
        for target in np.unique(arrival_day):
            waiting[int(target)].append(shipped.take(arrival_day == target))
        if day >= first:
            records = write_records(shop, waiting[day])
            files, broken = _files_of(shop, day, records)
            yield DayOfLogs(files, _count(records, files, broken), requests, actions)
        waiting.pop(day, None)


def _files_of(shop: Shop, day: int, records: Records) -> tuple[list[LogFile], dict[str, int]]:
    slot = (records.arrival_ms - shop.parameters.start_ms) % DAY_MS // (SHIP_HOURS * HOUR_MS)
    files: list[LogFile] = []
    texts: dict[str, tuple[datetime, list[str]]] = {}
    for number in range(24 // SHIP_HOURS):
        closed = shop.parameters.start + timedelta(days=day, hours=SHIP_HOURS * (number + 1))
        folder = f"{closed - timedelta(hours=1):%Y-%m-%dT%H}"
        prompt = np.flatnonzero((slot == number) & ~records.late)
        if number == PARQUET_SLOT:
            files += _parquet_pair(records.take(prompt), folder, closed)
        elif number == BULK_SLOT:
            lines = bulk_lines(records.take(prompt))
            files.append(LogFile(f"logs/{folder}/bulk-0.ndjson", text_bytes(lines), closed))
        else:
            plain = (day * 6 + number) % PLAIN_EVERY == 0
            name = f"logs/{folder}/part-0.jsonl" + ("" if plain else ".gz")
            texts[name] = (closed, json_lines(records.take(prompt)))
        if (late := np.flatnonzero((slot == number) & records.late)).size:
            texts[f"logs/{folder}/late-0.jsonl.gz"] = (closed, json_lines(records.take(late)))
    broken = add_broken(generator(shop.parameters, "broken", day), [lines for _, lines in texts.values()])
    files += [log_file(name, lines, closed) for name, (closed, lines) in texts.items() if lines]
    return [f for f in files if f.content], broken


def log_file(name: str, lines: list[str], closed: datetime) -> LogFile:
    """Return JSON lines as a file, compressed if its name ends in `.gz`."""
    content = text_bytes(lines)
    return LogFile(name, gzip_bytes(content) if name.endswith(".gz") else content, closed)


def _parquet_pair(records: Records, folder: str, closed: datetime) -> list[LogFile]:
    kinds = {"queries": np.flatnonzero(records.is_query), "events": np.flatnonzero(~records.is_query)}
    return [
        LogFile(f"{kind}/{folder}/part-0.parquet", parquet_bytes(arrow_table(records.take(rows))), closed)
        for kind, rows in kinds.items()
        if rows.size
    ]


def _count(records: Records, files: list[LogFile], broken: dict[str, int]) -> dict[str, Any]:
    queries = int(records.is_query.sum())
    return {
        "queries": queries,
        "events": len(records) - queries,
        "duplicates": int(records.double.sum()),
        "late": int(records.late.sum()),
        "skewed": int(records.skewed.sum()),
        "broken": broken,
        "files": {file.path: len(file.content) for file in sorted(files, key=lambda f: f.path)},
    }
