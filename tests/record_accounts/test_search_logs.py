"""Each delivery of search logs is accounted for, by file and in sum, by the sessions that can know it."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import pytest

from tests.record_accounts.logs import FIRST, SECOND, THIRD, LogShop
from tidemark.catalog import ops

pytestmark = [pytest.mark.loop, pytest.mark.spark]

EVENTS, QUERIES, QUARANTINE = "search.search_events", "search.search_queries", "search.quarantined_records"
INTERACTIONS = "search.interactions"
COUNTED = ("taken", "late", "late_most_s", "late_typical_s", "doubled", "refused")


@pytest.fixture
def shop(home: Path, spark_remote: str) -> LogShop:
    return LogShop(home, spark_remote)


def accounts(shop: LogShop, dataset: str) -> dict[str | None, dict[str, Any]]:
    """Return the rows of the newest session of a dataset, by file."""
    rows = ops.rows(shop.context.lake, "ops.record_accounts", ops.of_dataset(dataset))
    newest = max(rows, key=lambda row: row["recorded_at"])["session"]
    return {row["path"]: {**row, "counts": json.loads(row["counts"])} for row in rows if row["session"] == newest}


def test_every_count_is_known_by_construction(shop: LogShop) -> None:
    shop.hand_in("a.jsonl", FIRST)
    shop.run()
    first = accounts(shop, EVENTS)["logs/a.jsonl"]
    assert [first[name] for name in COUNTED] == [2, 0, None, None, 0, None] and first["counts"] == {}

    shop.hand_in("b.jsonl", SECOND)
    shop.hand_in("c.jsonl", [])
    shop.said.clear()
    shop.run()

    landed = accounts(shop, EVENTS)
    assert [landed["logs/b.jsonl"][name] for name in COUNTED] == [7, 2, 21540, 10740, 1, None]
    assert [landed["logs/c.jsonl"][name] for name in COUNTED] == [0, None, None, None, None, None]
    assert landed["logs/b.jsonl"]["counts"] == {
        "of clicks, carts and purchases without an item": 1,
        "with unmapped action wink": 1,
        "without a query_id": 1,
    }
    assert accounts(shop, QUERIES)["logs/b.jsonl"]["taken"] == 1
    refused = accounts(shop, QUARANTINE)["logs/b.jsonl"]
    assert (refused["refused"], refused["counts"]) == (2, {"not JSON": 1, "occurred_at is missing": 1})
    assert accounts(shop, "search.impressions")["logs/b.jsonl"]["counts"] == {
        "events without their query record so far": 1
    }
    assert accounts(shop, INTERACTIONS)["logs/b.jsonl"]["counts"] == {"clicks without an impression so far": 2}
    said = [line for text in shop.said for line in text.splitlines()]
    assert {"account of 2 files: 7 taken", "  2 late (typically by 3 h, at most by 6 h)", "  1 doubled"} <= set(said)


@pytest.mark.long
def test_an_action_is_remarked_once_by_the_first_session_that_builds_its_time(shop: LogShop) -> None:
    shop.hand_in("a.jsonl", FIRST)
    shop.hand_in("b.jsonl", SECOND)
    shop.run()
    assert accounts(shop, INTERACTIONS)["logs/b.jsonl"]["counts"] == {"clicks without an impression so far": 2}
    shop.hand_in("d.jsonl", THIRD)
    shop.run()
    assert list(accounts(shop, INTERACTIONS)) == [None], "a rebuild of the day counts only what is new"
    assert accounts(shop, INTERACTIONS)[None]["counts"] == {}
