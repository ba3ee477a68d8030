"""Builds a small lake of the search domain: a few days of synthetic logs, grades, items and logged features."""

from __future__ import annotations

import json
import os
from collections.abc import Iterable, Iterator
from dataclasses import replace
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

from tests.landing.reading import event, query
from tests.stored.half_done import HalfDone, leave
from tidemark import session
from tidemark.settings import load_settings
from tidemark.state.effect import Nothing
from tidemark.steps.context import Context

Record = dict[str, Any]

FIRST = datetime(2026, 4, 7, tzinfo=UTC)
"""The first day of logs. The day two days later is a cut of the labels."""

SETTINGS = """\
landing: {settling: 0m}
attribution_window: 1d
label_horizon: 7d
"""
"""Settings with short windows, so that a few days of logs are enough for labels."""

QUERIES, EVENTS, QUARANTINE = "search.search_queries", "search.search_events", "search.quarantined_records"
REQUESTS, ACTIONS, IMPRESSIONS = "search.search_requests", "search.user_actions", "search.impressions"
LANDED = (QUERIES, EVENTS, QUARANTINE, "search.judgments", "search.catalog_items", "search.feature_log")
TEXTS = ("red shoes", "Blue  Coat", "hat")


def day(number: float) -> datetime:
    """Return an instant in days since the first day of logs."""
    return FIRST + timedelta(days=number)


CLOCK = day(3.25)
"""The clock at which the lake was left."""


def open_search(home: Path, spark_remote: str | None = None, clock: datetime = CLOCK) -> Context:
    """Open the specs of the checkout over a home. A home without settings gets `SETTINGS`."""
    home.mkdir(parents=True, exist_ok=True)
    own = home / "search.yaml"
    if not own.exists():
        own.write_text(SETTINGS, encoding="utf-8")
    remote = {"TIDEMARK_SPARK_REMOTE": spark_remote} if spark_remote else {}
    return session.open_context(load_settings({"TIDEMARK_HOME": str(home), **remote}), clock)


def hand_in(landing: Path, kind: str, arrived: float, records: Iterable[Record | str]) -> None:
    """Write a file into the landing folder of the hour that begins at `arrived` (days). Texts are written unchanged."""
    at = day(arrived)
    folder = landing / kind / f"{at:%Y-%m-%dT%H}"
    folder.mkdir(parents=True, exist_ok=True)
    lines = (record if isinstance(record, str) else json.dumps(record) for record in records)
    file = folder / f"{kind}.jsonl"
    file.write_text("".join(f"{line}\n" for line in lines), encoding="utf-8")
    os.utime(file, ((at + timedelta(hours=1)).timestamp(),) * 2)


def requests(start: float, count: int) -> Iterator[Record]:
    """Yield requests an hour apart, each with its impressions, every second one with a click and some with more."""
    for number in range(count):
        at = day(start) + timedelta(hours=number, minutes=7)
        name, hits = f"q-{start}-{number}", [f"i{(number + place) % 5}" for place in range(3)]
        same = {"query_id": name, "client_id": f"c{number % 4}", "user_query": TEXTS[number % 3]}
        yield query(**same, timestamp=at.isoformat(), query_response_id=f"r-{name}", query_response_hit_ids=hits)
        for place, item in enumerate(hits):
            yield _act(same, at + timedelta(seconds=1), "impression", item, place)
        if number % 2 == 0:
            yield _act(same, at + timedelta(seconds=40), "click", hits[number % 3], number % 3)
        if number % 4 == 0:
            yield _act(same, at + timedelta(minutes=9), "purchase", hits[number % 3], number % 3)


def _act(same: Record, at: datetime, action: str, item: str, place: int) -> Record:
    attributes = {"object": {"object_id": item}, "position": {"ordinal": place}}
    return event(**same, action_name=action, timestamp=at.isoformat(), message=None, event_attributes=attributes)


def late_click(start: float, number: int) -> Record:
    """Return a click on the second item of a request that `requests` made."""
    at = day(start) + timedelta(hours=number, minutes=30)
    same = {"query_id": f"q-{start}-{number}", "client_id": f"c{number % 4}", "user_query": TEXTS[number % 3]}
    return _act(same, at, "click", f"i{(number + 1) % 5}", 1)


def run_all(context: Context, *left_out: str) -> list[str]:
    """Run sessions of all datasets, inputs first, until nothing is owed, and return their messages."""
    said: list[str] = []
    for dataset in session.dependency_order(dict(context.specs)):
        if dataset not in left_out:
            run_until_nothing_is_owed(context, dataset, said)
    return said


def run_until_nothing_is_owed(context: Context, dataset: str, said: list[str]) -> None:
    """Run sessions of one dataset until nothing is owed. Their messages are added to `said`."""
    for _ in range(10):
        done = session.run(context, dataset, say=said.append)
        if isinstance(done.plan.effect, Nothing) or not done.plan.owed:
            return
    raise AssertionError(f"{dataset}: what is owed does not shrink")


def make(context: Context) -> dict[str, HalfDone]:
    """Run the past sessions of the lake, and return its unfinished sessions by dataset."""
    landing = context.settings.landing
    hand_in(landing, "logs", 0.5, [*requests(0, 8), "{broken"])
    hand_in(landing, "logs", 1.5, requests(1, 6))
    hand_in(landing, "judgments", 0.5, _judgments())
    hand_in(landing, "items", 0.5, _items())
    hand_in(landing, "feature_log", 0.5, _features(0))
    run_all(replace(context, clock=day(2)))
    hand_in(landing, "logs", 2.5, [*requests(2, 4), late_click(0, 2)])
    hand_in(landing, "feature_log", 2.5, _features(2))
    run_all(replace(context, clock=day(3)))
    return _leave_unfinished(context)


def _leave_unfinished(context: Context) -> dict[str, HalfDone]:
    hand_in(context.settings.landing, "logs", 3.125, [*requests(3, 2), late_click(1, 3), "[1, 2"])
    for dataset in (QUERIES, EVENTS, ACTIONS):
        session.run(context, dataset, say=lambda _: None)
    return {
        QUARANTINE: leave(context, QUARANTINE, "planned"),
        REQUESTS: leave(context, REQUESTS, "published"),
        IMPRESSIONS: leave(context, IMPRESSIONS, "staged"),
    }


def _judgments() -> Iterator[Record]:
    for number in range(5):
        yield {
            "application": "shop",
            "user_query": TEXTS[number % 3],
            "object_id": f"i{number}",
            "grade": number % 5,
            "judged_at": day(0).isoformat(),
        }


def _items() -> Iterator[Record]:
    for number in range(5):
        yield {
            "application": "shop",
            "object_id": f"i{number}",
            "title": f"{TEXTS[number % 3]} {number}",
            "price": 9.5 + number,
            "valid_from": day(-30).isoformat(),
        }


def _features(start: float) -> Iterator[Record]:
    for number in range(4):
        yield {
            "application": "shop",
            "user_query": TEXTS[number % 3],
            "object_id": f"i{number}",
            "logged_at": day(start + 0.25).isoformat(),
            "features": {"bm25": 1.5 + number, "title_match": float(number % 2)},
        }
