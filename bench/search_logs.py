"""Write UBI logs made from numbers, hour by hour. They are the same in every run."""

from __future__ import annotations

import gzip
from collections.abc import Iterator
from datetime import timedelta
from pathlib import Path

from bench.data import DEVICES, day

HITS = 3
"""The number of items that each request returns."""

RECORDS = 3
"""The number of records of each request: the query, a click, and an item put into the cart."""

ITEMS = 5_003
QUERIES = 997
CLIENTS = 10_007
"""The numbers of different items, queries and clients. They are primes, so that all combinations occur."""


def write_logs(folder: Path, hours: int, requests: int, files: int) -> None:
    """Write `requests` requests for each of `hours` hours as gzipped JSON lines, divided by time into `files` files."""
    for number in range(files):
        first, end = hours * number // files, hours * (number + 1) // files
        with gzip.open(folder / f"{number:04d}.jsonl.gz", "wt", compresslevel=1, encoding="utf-8") as file:
            file.writelines(line for hour in range(first, end) for line in _hour(hour, requests))


def _hour(hour: int, requests: int) -> Iterator[str]:
    step = timedelta(hours=1) / requests
    for place in range(requests):
        yield from _request(hour * requests + place, (day(0) + hour * timedelta(hours=1) + place * step).isoformat())


def _request(number: int, at: str) -> Iterator[str]:
    """Yield the records of one request. All have the same time."""
    common = f'"application": "shop", "query_id": "q{number}", "client_id": "c{number % CLIENTS}", "timestamp": "{at}"'
    items = [f"item-{(number * 7 + place * 11) % ITEMS}" for place in range(HITS)]
    hits = ", ".join(f'"{item}"' for item in items)
    device = DEVICES[number % len(DEVICES)]
    yield (
        f'{{{common}, "user_query": "red lamp {number % QUERIES}", "query_response_hit_ids": [{hits}], '
        f'"query_attributes": {{"device": "{device}"}}}}\n'
    )
    place = number % HITS
    about = f'{{"object": {{"object_id": "{items[place]}"}}, "position": {{"ordinal": {place + 1}}}}}'
    for action in ("click", "add_to_cart"):
        yield f'{{{common}, "action_name": "{action}", "event_attributes": {about}}}\n'
