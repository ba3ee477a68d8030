"""The account of the records on their way to interactions."""

from __future__ import annotations

from typing import Any

import pytest
from pyspark.sql import DataFrame

from ranking.traffic.account import account, to_text
from tidemark.engine.session import connect
from tidemark.settings import Settings

pytestmark = pytest.mark.spark


def test_every_number_is_counted_by_hand(settings: Settings) -> None:
    spark = connect(settings)

    def frame(columns: str, *rows: Any) -> DataFrame:
        return spark.createDataFrame(list(rows), columns)

    request = ("shop", "q1", "10:00", "red shoes")
    requests = frame(
        "application string, query_id string, requested_at string, query string",
        request, request, ("shop", "q1", "10:05", "red shoes"), ("shop", "q2", "10:00", "hat"),
    )  # fmt: skip
    click = ("shop", "click", "click", "q1", "i1", "c1", "10:01", 1)
    actions = frame(
        "application string, action string, action_name string, query_id string, item_id string, "
        "client_id string, occurred_at string, position int",
        click, click,
        ("shop", "click", "click", "q1", "i9", "c1", "10:02", None),
        ("shop", "impression", "impression", "q1", "i1", None, "10:00", None),
        ("shop", "impression", "impression", "q1", None, None, "10:00", 2),
        ("shop", "purchase", "buy", "q7", "i1", "c1", "10:09", None),
        ("shop", "other", "Search", "q1", None, "c1", "10:00", None),
        ("shop", "other", "wink", "q1", None, "c1", "10:00", None),
        ("shop", "other", "wink", "q2", None, "c1", "10:00", None),
    )  # fmt: skip
    shown = "application string, query_id string, item_id string, shown_by string"
    impressions = frame(
        shown, ("shop", "q1", "i1", "event"), ("shop", "q2", "i2", "hits"), ("shop", "q2", "i3", "hits")
    )
    interactions = frame("clicks int, carts int, purchases int", (2, 0, 0), (0, 0, 0), (0, 1, 0))
    quarantined = frame("reason string", ("not JSON: a",), ("not JSON: b",), ("query_id is missing",))
    queries, events = requests.select("application"), actions.select("application")
    known = {"click": ["click"], "other": ["search"]}
    counts = account(queries, events, requests, actions, impressions, interactions, quarantined, known)
    assert list(counts.items()) == [
        ("query records landed", 4),
        ("events landed", 9),
        ("quarantined: not JSON", 2),
        ("quarantined: query_id is missing", 1),
        ("query records: doubles", 1),
        ("query records: a query_id again, at another time or with another text", 1),
        ("events: doubles", 1),
        ("events: without a query record", 1),
        ("events: impressions without a position", 1),
        ("events: impressions without an item", 1),
        ("events: unmapped action wink", 2),
        ("events: clicks without an impression", 1),
        ("events: carts without an impression", 0),
        ("events: purchases without an impression", 1),
        ("impressions", 3),
        ("impressions: shown by hits", 2),
        ("impressions: shown by event", 1),
        ("interactions", 3),
        ("interactions: with a click, cart or purchase", 2),
    ]
    assert to_text(counts).splitlines()[1] == "           9  events landed"
