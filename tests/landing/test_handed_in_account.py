"""The account of judgments, items and logged features."""

from __future__ import annotations

import pytest

from ranking.traffic.handed_in_account import account_of_handed_in
from tidemark.engine.session import connect
from tidemark.settings import Settings

pytestmark = pytest.mark.spark


def test_what_belongs_to_nothing_that_was_shown_is_counted(settings: Settings) -> None:
    spark = connect(settings)
    impressions = spark.createDataFrame(
        [("shop", "tent", "T1"), ("shop", "tent", "T2"), ("app", "hat", "H1")],
        "application string, query string, item_id string",
    )
    judgments = spark.createDataFrame(
        [
            ("shop", "r1", "f1", "tent", "T1", True),
            ("shop", "r1", "f2", "tent", "T1", True),
            ("shop", "r2", "f1", "301", "T1", False),
            ("unknown", "r3", "f1", "tent", "T1", False),
            ("unknown", "r4", "f1", "tent", "T2", False),
            ("Shop", "r5", "f1", "tent", "T2", False),
        ],
        "application string, record_id string, file_id string, query string, item_id string, dated boolean",
    )
    items = spark.createDataFrame([("shop", "T1"), ("shop", "T9")], "application string, item_id string")
    assert account_of_handed_in(judgments, items, None, impressions) == {
        "judgments landed": 6,
        "judgments: application Shop has no impressions": 1,
        "judgments: application unknown has no impressions": 2,
        "judgments: their query was never searched": 1,
        "judgments: repeated in another file": 1,
        "judgments: without a date, so they count as always known": 4,
        "items landed": 2,
        "items: never shown": 1,
    }
    log = judgments.where("application = 'shop'")
    assert account_of_handed_in(None, None, log, impressions) == {
        "logged features landed": 3,
        "logged features: their query was never searched": 1,
    }
    assert account_of_handed_in(None, None, None, impressions) == {}
