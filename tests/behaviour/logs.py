"""Random logs with duplicates, pages, edited texts, late arrivals, skewed clocks and reused ids."""

from __future__ import annotations

import random
from datetime import UTC, datetime, timedelta
from typing import Any

Row = dict[str, Any]

START = datetime(2026, 4, 1, tzinfo=UTC)
DAYS = 36
REQUESTS = 420
QUERIES, ITEMS, CLIENTS = 5, 7, 12
SOURCES = ("search_requests", "user_actions", "catalog_items", "feature_log", "position_bases")


def draw(seed: int) -> dict[str, list[Row]]:
    """Draw the rows of requests, actions, items, logged features and position bases."""
    dice = random.Random(seed)
    rows: dict[str, list[Row]] = {name: [] for name in SOURCES}
    rows["position_bases"].append({"application": "shop", "revision": 1, "base": 0, "found_by": "log"})
    for number in range(REQUESTS):
        _request(dice, number, rows)
    for number in range(3 * ITEMS):
        rows["catalog_items"].append(_item(dice, number))
        rows["feature_log"].append(_logged(dice, number))
    for name in ("search_requests", "user_actions"):
        duplicates = dice.sample(rows[name], len(rows[name]) // 50)
        rows[name] += [{**row, "file_id": "again", "arrived_at": _later(dice, row["arrived_at"])} for row in duplicates]
    return rows


def _request(dice: random.Random, number: int, rows: dict[str, list[Row]]) -> None:
    at = START + timedelta(seconds=dice.randrange(DAYS * 86_400), milliseconds=dice.randrange(1000))
    # A few query_ids occur again, at once or days later.
    query_id = f"q{number if dice.random() > 0.05 else dice.randrange(REQUESTS)}"
    hits = [f"i{item}" for item in dice.sample(range(ITEMS), 4)]
    common = {"application": "shop", "file_id": "f", "client_id": _client(dice), "query_id": query_id}
    rows["search_requests"].append(
        {
            **common,
            "record_id": f"r{number}",
            "arrived_at": _later(dice, at),
            "requested_at": at,
            "query": f"word{dice.randrange(QUERIES)} shoes",
            "device": dice.choice(["phone", "desktop"]),
            "user_sorted": dice.random() < 0.1,
            "user_filtered": False,
            "sponsored": False,
            "hit_ids": hits if dice.random() < 0.9 else [],
        }
    )
    rows["search_requests"] += _again(dice, rows["search_requests"][-1])
    logged = dice.random() < 0.6
    for place, item in enumerate(hits):
        kinds = ["impression"] if logged and dice.random() < 0.9 else []
        kinds += ["click"] if dice.random() < 0.4 / (place + 1) else []
        kinds += ["purchase"] if dice.random() < 0.1 else []
        rows["user_actions"] += [_action(dice, f"{number}.{place}", at, place, item, kind, common) for kind in kinds]


def _again(dice: random.Random, record: Row) -> list[Row]:
    """Draw more records under the same query_id: duplicates, pages, edited texts, other clients and applications."""
    found = []
    for number in range(dice.choice([0, 0, 0, 1, 2, 3])):
        seconds = dice.choice([0, 1, 30, 240, 3600, 80_000, 90_000, 170_000, 175_000])
        changed = {
            "query": f"word{dice.randrange(QUERIES)} shoes",
            "client_id": _client(dice),
            "hit_ids": [f"i{item}" for item in dice.sample(range(ITEMS), 3)],
            "application": "unknown",
        }
        kept = dice.sample(sorted(changed), dice.choice([2, 3, 3, 4]))
        at = record["requested_at"] + timedelta(seconds=seconds)
        again = {"record_id": f"{record['record_id']}.{number}", "requested_at": at, "arrived_at": _later(dice, at)}
        found.append({**record, **{name: value for name, value in changed.items() if name not in kept}, **again})
    return found


def _action(dice: random.Random, number: str, at: datetime, place: int, item: str, kind: str, common: Row) -> Row:
    seconds = {"impression": 1, "click": dice.randrange(-400, 4000), "purchase": dice.randrange(100_000)}[kind]
    done = at + timedelta(seconds=seconds)
    return {
        **common,
        "application": "shop" if dice.random() < 0.95 else "unknown",
        "record_id": f"{kind}{number}",
        "arrived_at": _later(dice, done),
        "occurred_at": done,
        "action": kind,
        "query": "" if dice.random() < 0.8 else f"word{dice.randrange(QUERIES)} shoes",
        "item_id": item,
        "position": place if dice.random() < 0.95 else None,
    }


def _item(dice: random.Random, number: int) -> Row:
    return {
        "application": "shop",
        "record_id": f"item{number}",
        "file_id": "f",
        "arrived_at": START,
        "item_id": f"i{number % ITEMS}",
        "attributes": f'{{"title": "Word{dice.randrange(QUERIES)} shoes", "price": {dice.randrange(100)}}}',
        "valid_from": START + timedelta(hours=dice.randrange(-100, DAYS * 24)),
        "dated": dice.random() < 0.9,
    }


def _logged(dice: random.Random, number: int) -> Row:
    return {
        "application": "shop",
        "record_id": f"logged{number}",
        "file_id": "f",
        "arrived_at": START,
        "query": f"word{number % QUERIES} shoes",
        "item_id": f"i{dice.randrange(ITEMS + 2)}",
        "logged_at": START + timedelta(hours=dice.randrange(DAYS * 24)),
        "features": {"bm25": dice.random()},
    }


def _client(dice: random.Random) -> str | None:
    return f"c{dice.randrange(CLIENTS)}" if dice.random() < 0.95 else None


def _later(dice: random.Random, at: datetime) -> datetime:
    """Return a time of arrival: for most records within the hour, for some days later."""
    return at + timedelta(minutes=dice.randrange(60), days=dice.choice([0] * 8 + [1, 6]))
