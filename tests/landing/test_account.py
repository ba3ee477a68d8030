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

    request = ("r", "f", "shop", "q1", "10:00", "red shoes", "c1", ["i1"])
    requests = frame(
        "record_id string, file_id string, application string, query_id string, requested_at string, query string, "
        "client_id string, hit_ids array<string>",
        request, request, ("r3", "f", "shop", "q1", "10:05", "red shoes", "c1", ["i1"]),
        ("r4", "f", "shop", "q2", "10:00", "hat", "c1", []), ("r5", "f", "shop", None, "10:00", "hat", "c1", []),
        ("r6", "f", "shop", "q8", "10:00", "", "c1", []),
    )  # fmt: skip
    queries = frame(
        "record_id string, file_id string, query_attributes string, other_fields string",
        ("r", "f", None, None), ("r", "f", None, None),
        ("r3", "f", '{"result_ids": ["a"]}', '{"object_id_field": "sku"}'),
        ("r4", "f", '{"facets": ["brand:x"], "found_items": [7]}', None),
        ("r5", "f", None, '{"doc_ids": ["i1"], "tenant": "x"}'), ("r6", "f", None, '{"doc_ids": [], "theirs": [1]}'),
    )  # fmt: skip
    click = ("shop", "click", "click", "q1", "i1", "c1", "10:01", 1)
    actions = frame(
        "application string, action string, action_name string, query_id string, item_id string, "
        "client_id string, occurred_at string, position int",
        click, click,
        ("shop", "click", "click", "q1", "i9", "c1", "10:02", None),
        ("shop", "click", "click", "q1", None, "c1", "10:02", None),
        ("shop", "impression", "impression", "q1", "i1", None, "10:00", None),
        ("shop", "impression", "impression", "q1", "i4", None, "10:00", 4),
        ("shop", "impression", "impression", "q1", None, None, "10:00", 2),
        ("shop", "purchase", "buy", "q7", "i1", "c1", "10:09", None),
        ("shop", "other", "Search\n", "q1", None, "c1", "10:00", None),
        ("shop", "other", "wink", "q1", None, "c1", "10:00", None),
        ("app", "other", "wink", "q2", None, "c1", "10:00", None),
        ("shop", "other", "wink", None, None, "c1", "10:00", None),
    )  # fmt: skip
    impressions = frame(
        "application string, query_id string, item_id string, shown_by string, in_ranker_order boolean, position int",
        ("shop", "q1", "i1", "event", True, 1), ("shop", "q2", "i2", "hits", False, 1),
        ("shop", "q2", "i3", "hits", True, None),
    )  # fmt: skip
    interactions = frame("clicks int, carts int, purchases int", (1, 0, 0), (0, 0, 0), (0, 1, 0))
    quarantined = frame("reason string", ("not JSON: a",), ("not JSON: b",), ("query_id is missing",))
    known = {"click": ["click"], "other": ["search"]}
    events = frame("other_fields string", *[(None,)] * 11, ('{"page_id": "/", "theme": "dark"}',))
    tables = (queries, events, requests, actions, impressions, interactions, quarantined)
    programs = frame(
        "application string, client_id string, day int, known_day int, items long",
        ("shop", "c1", 1, 1, 30), ("shop", "c1", 1, 2, 40), ("shop", "c1", 2, 2, 5),
    )  # fmt: skip
    counts = account(*tables, known=known, hits=["other_fields.theirs"], programs=programs)
    assert list(counts.items()) == [
        ("query records landed", 6),
        ("events landed", 12),
        ("quarantined: not JSON", 2),
        ("quarantined: query_id is missing", 1),
        ("query records: without hits; they may be in other_fields.doc_ids (setting hits in search.yaml)", 1),
        ("query records: without hits; they may be in other_fields.theirs (setting hits in search.yaml)", 1),
        ("query records: without hits; they may be in query_attributes.found_items (setting hits in search.yaml)", 1),
        ("query records: field doc_ids, which is not read", 2),
        ("query records: field tenant, which is not read", 1),
        ("events: field theme, which is not read", 1),
        ("query records: duplicates", 1),
        ("query records: query_id logged again at another time, or with another text or client", 1),
        ("query records: more than 100 share one query_id, which is then not used as an id", 0),
        ("query records: without a query_id", 1),
        ("query records: without hits", 3),
        ("query records: without a query text", 1),
        ("query_ids: without an impression", 1),
        ("events: duplicates", 1),
        ("events: without a query_id, so they belong to no request", 1),
        ("events: impressions without a position", 1),
        ("events: impressions without an item", 1),
        ("events: clicks, carts and purchases without an item", 1),
        ("events: actions that are not used for relevance", 1),
        ("events: unmapped action wink", 3),
        ("events: without a query record", 1),
        ("events: with the query_id of another application", 1),
        ("events: items with impression events that belong to no request", 1),
        ("events: clicks without an impression", 2),
        ("events: carts without an impression", 0),
        ("events: purchases without an impression", 1),
        ("impressions", 3),
        ("impressions: shown by hits", 2),
        ("impressions: shown by event", 1),
        ("impressions: not in the ranker's order", 1),
        ("impressions: without a position", 1),
        ("interactions", 3),
        ("interactions: with a click, cart or purchase", 2),
        ("interactions: of clients that act like programs (ranking.automated_clients)", 45),
    ]
    assert to_text(counts).splitlines()[1] == "          12  events landed"
