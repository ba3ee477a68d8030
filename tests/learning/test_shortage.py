"""The messages of a run that cannot train say what there is, how much it takes, and what to do. Needs no Spark."""

from __future__ import annotations

from collections.abc import Mapping
from datetime import date
from typing import Any

import numpy as np
import pytest

from ranking.training import rankers, shortage
from tests.learning import made

SETTINGS = rankers.DEFAULTS


def history(days: int, horizon: int = 14, needed: int = 35, found_by: str = "history") -> Mapping[str, Any]:
    first = date(2026, 1, 1)
    return {"history_days": days, "horizon_days": horizon, "days_needed": needed, "found_by": found_by,
            "first_day": first}  # fmt: skip


def missing(row: Mapping[str, Any] | None, cuts: int = 6, **settings: Any) -> str | None:
    rows = made.examples(cuts=cuts)
    rows = rows.take(np.ones(len(rows), bool) if cuts else np.zeros(len(rows), bool))
    parts = rankers.divide(rows, rows.split, SETTINGS)
    return shortage.what_is_missing(parts, {**SETTINGS, **settings}, row)


def test_a_history_that_is_too_short_says_how_long_to_wait() -> None:
    assert missing(history(20), cuts=1) == (
        "Nothing to train on yet: 20 days of logs, 1 cut, 60 queries and 600 labelled pairs are at hand. "
        "A label window of 14 days to train on and a later one to test on take 35 days of logs: "
        "wait for 15 more days, or hand in older logs."
    )


def test_a_horizon_by_hand_that_does_not_fit_is_named() -> None:
    found = missing(history(40, 28, 63, "setting"), cuts=1)
    assert found is not None
    assert found.endswith(
        "take 63 days of logs: wait for 23 more days, hand in older logs, or set label_horizon in search.yaml to auto "
        "instead of 28d."
    )


def test_no_example_at_all_is_counted_too() -> None:
    found = missing(history(1), cuts=0)
    assert found is not None
    assert "1 day of logs, 0 cuts, 0 queries and 0 labelled pairs are at hand. " in found
    assert missing(None, cuts=0) == (
        "Nothing to train on yet: 0 cuts, 0 queries and 0 labelled pairs are at hand. "
        "Wait for logs with search requests."
    )


def test_enough_days_without_a_second_window_wait_for_the_next_cut() -> None:
    found = missing(history(35), cuts=1)
    assert found is not None
    assert found.endswith("but no such window ends before the newest one begins: wait for the next cut.")


def test_windows_that_began_before_the_logs_do_not_train_alone() -> None:
    late = {**history(20), "first_day": date(2026, 2, 1)}
    assert str(missing(late)).startswith("Nothing to train on yet")
    assert missing(history(49)) is None


@pytest.mark.parametrize("setting", ["least_queries", "least_examples"])
def test_too_few_queries_or_examples_name_the_setting(setting: str) -> None:
    found = missing(history(49), **{setting: 5000})
    assert found is not None
    assert found.startswith("Too little traffic: ")
    assert "but at least 5000 are needed; 49 days of logs," in found
    assert found.endswith(f"or set training.{setting} in search.yaml to a lower number.")


def test_the_history_is_a_reason_to_train_until_the_first_ranker() -> None:
    untrained, trained = {"version": 1, "sha256": None}, {"version": 2, "sha256": "9f"}
    assert shortage.holds_news([], [])
    assert shortage.holds_news([], [untrained])
    assert not shortage.holds_news([], [trained, untrained])
