"""A lake of the search domain: logs are handed in, and the datasets from landing to impressions are built."""

from __future__ import annotations

import json
import os
from collections.abc import Collection, Iterable
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

from pyiceberg.table import Table

from tests.stored.archives import copy
from tidemark import session
from tidemark.settings import Settings, load_settings
from tidemark.stages import Committed
from tidemark.steps.context import Context

BASES, IMPRESSIONS = "search.position_bases", "search.impressions"
FOLLOWED = {
    "search.search_queries",
    "search.search_events",
    "search.quarantined_records",
    "search.search_requests",
    "search.user_actions",
    BASES,
    IMPRESSIONS,
}
START = datetime(2026, 4, 1, 10, tzinfo=UTC)
SETTINGS = "landing: {settling: 0s, completeness: data}\n"

Record = dict[str, Any]


class Searching:
    """A home into which a test hands logs, hour by hour."""

    def __init__(self, home: Path, remote: str) -> None:
        self.home, self.remote = home, remote
        self.clock = datetime(2026, 5, 1, tzinfo=UTC)
        self.said: list[str] = []
        self.configure("")

    def configure(self, more: str) -> None:
        """Write the home's settings, with additional lines."""
        (self.home / "search.yaml").write_text(SETTINGS + more, encoding="utf-8")
        env = {"TIDEMARK_HOME": str(self.home), "TIDEMARK_SPARK_REMOTE": self.remote}
        self.settings: Settings = load_settings(env)

    def copy_to(self, home: Path) -> Searching:
        """Return a copy of the world, which a test may change, in a folder that does not exist."""
        copy(self.home, home)
        world = Searching(home, self.remote)
        world.clock = self.clock
        return world

    def hand_in(self, name: str, lines: Iterable[Record | str]) -> None:
        """Write a log file, one line per record, old enough to be read."""
        file = self.settings.landing / "logs" / name
        file.parent.mkdir(parents=True, exist_ok=True)
        texts = (line if isinstance(line, str) else json.dumps(line) for line in lines)
        file.write_text("".join(f"{text}\n" for text in texts), encoding="utf-8")
        os.utime(file, (self.clock.timestamp(),) * 2)

    def run(self, followed: Collection[str] = FOLLOWED) -> dict[str, Committed]:
        """Run the sessions of an hour of some datasets, in the order of `tidemark run --all`."""
        self.clock += timedelta(hours=1)
        context = self.context
        names = [name for name in session.dependency_order(dict(context.specs)) if name in followed]
        return {name: session.run(context, name, say=self.said.append) for name in names}

    @property
    def context(self) -> Context:
        return session.open_context(self.settings, self.clock)

    def table(self, dataset: str) -> Table:
        return self.context.lake.table(dataset)

    def rows(self, dataset: str) -> list[Record]:
        """Return all published rows in a stable order."""
        found: list[Record] = self.table(dataset).scan().to_arrow().to_pylist()
        return sorted(found, key=lambda row: [str(row[key]) for key in sorted(row)])

    def files(self, dataset: str) -> dict[str, set[str]]:
        """Return the data files that main holds, by the day of their partition."""
        found: dict[str, set[str]] = {}
        for task in self.table(dataset).scan().plan_files():
            found.setdefault(task.file.file_path.split("_day=")[1].split("/")[0], set()).add(task.file.file_path)
        return found


def request(application: str, at: datetime, base: int, shown: int = 3) -> list[Record]:
    """Return a request, and an impression event for each shown item; positions count from the base."""
    query_id = f"{application}-{at:%d%H%M%S}"
    common = {"application": application, "query_id": query_id, "client_id": "c", "user_query": "red shoes"}
    query = {**common, "timestamp": at.isoformat(), "query_response_hit_ids": [], "query_response_id": query_id}
    places = range(base, base + shown)
    return [query, *(impression(common, at, f"i{place - base}", place) for place in places)]


def impression(common: Record, at: datetime, item: str, place: int) -> Record:
    """Return the event that an item was shown at a logged position."""
    attributes = {"object": {"object_id": item}, "position": {"ordinal": place}}
    return {
        **common,
        "action_name": "impression",
        "timestamp": (at + timedelta(seconds=1)).isoformat(),
        "event_attributes": attributes,
    }


def days_of(application: str, days: Iterable[int], base: int, requests: int = 3) -> list[Record]:
    """Return some requests on each day; days count from START."""
    moments = (START + timedelta(days=day, minutes=minute) for day in days for minute in range(requests))
    return [record for at in moments for record in request(application, at, base)]
