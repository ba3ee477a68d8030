"""How much of a day's purchases has arrived: known shares come back, and old and fresh days give one rate."""

from datetime import date, timedelta
from typing import Any

import numpy as np
import pytest
from pyspark.sql import SparkSession

from ranking.labels import signals
from ranking.traffic import arrivals

CUT = date(2026, 4, 16)
ARRIVAL = (0.5, 0.3, 0.2)
"""Shares of the purchases of a day that are learnt of on that day, the next and the one after."""


def known(days: int, purchases: int, lags: tuple[float, ...] = ARRIVAL) -> list[dict[str, Any]]:
    """Return the counts of the days before the cut, as known then. The day before the cut has age 0."""
    return [
        {
            "day": day(age),
            "known_day": day(age) + timedelta(days=lag),
            "purchases": int(purchases * share),
            "impressions": 0 if lag else 1000,
        }
        for age in range(days)
        for lag, share in enumerate(lags)
        if lag <= age
    ]


def day(age: int) -> date:
    return CUT - timedelta(days=age + 1)


def arrived(rows: list[dict[str, Any]], window: int = 14) -> dict[int, float]:
    """Return the arrived share by age, in thousandths."""
    found = arrivals.of_days(rows, CUT, timedelta(days=window))
    return {(CUT - of).days - 1: round(share, 3) for of, share in found.items()}


def test_known_answer_the_shares_of_a_steady_arrival() -> None:
    assert arrived(known(8, 100)) == {0: 0.5, 1: 0.8, **dict.fromkeys(range(2, 8), 1.0)}


def test_a_busy_day_and_a_day_without_purchases_change_no_share() -> None:
    rows = known(8, 100)
    busy = [{**row, "purchases": row["purchases"] * (9 if row["day"] == day(4) else 1)} for row in rows]
    assert arrived(busy) == arrived(rows)
    empty = [{**row, "purchases": row["purchases"] * (row["day"] != day(1))} for row in rows]
    assert arrived(empty) == arrived(rows)


def test_purchases_that_come_late_only_have_not_arrived() -> None:
    assert arrived(known(6, 100, (0.0, 0.0, 1.0))) == {0: 0.0, 1: 0.0, 2: 1.0, 3: 1.0, 4: 1.0, 5: 1.0}


def test_with_few_purchases_a_day_counts_once_its_attribution_window_has_closed() -> None:
    assert arrived(known(6, 4), window=3) == {0: 0.0, 1: 0.0, 2: 0.0, 3: 1.0, 4: 1.0, 5: 1.0}


def test_a_day_whose_logs_landed_late_changes_no_share() -> None:
    rows = known(8, 100)
    late = [{**row, "known_day": day(0)} if row["day"] == day(7) else row for row in rows]
    assert arrived(late) == arrived(rows)


def test_one_purchase_after_weeks_changes_no_share() -> None:
    rows = known(28, 100)
    stray = {"day": day(27), "known_day": day(0), "purchases": 1, "impressions": 0}
    assert arrived([*rows, stray]) == arrived(rows)


@pytest.mark.spark
def test_each_application_and_cut_has_shares_of_its_own(spark: SparkSession) -> None:
    rows = [{**row, "application": shop, "window_end": CUT} for shop, more in (("a", ARRIVAL), ("b", (1.0,)))
            for row in known(4, 100, more)]  # fmt: skip
    schema = "application string, window_end date, day date, known_day date, purchases long, impressions long"
    found = arrivals.shares(spark.createDataFrame(rows, schema), "14d").collect()
    assert len(found) == 8
    fresh = {row["application"]: row["arrived"] for row in found if row["day"] == day(0)}
    assert fresh == {"a": 500_000, "b": 1_000_000}


def counts(fresh: bool) -> dict[str, Any]:
    """Return a pair of twenty days with 50 examinations a day and a true purchase rate of .1."""
    ripe = np.array([1.0] * 10 + ([0.4] * 10 if fresh else [1.0] * 10))
    shown = 1000.0
    pair = {"impressions": shown, "clicks": 300.0, "long_clicks": 200.0, "carts": 0.0, "places": shown}
    pair |= {"purchases": float((50 * 0.1 * ripe).sum()), "examination": shown, "ripe_examination": (50 * ripe).sum()}
    return {name: np.array([value]) for name, value in pair.items()}


def rate(pair: dict[str, Any]) -> float:
    cut = {name: 100.0 * float(value[0]) for name, value in counts(fresh=False).items()}
    found = signals.signals(pair, pair, cut)
    return float(found[0, signals.NAMES.index("purchases_rate")])


def test_ten_old_and_ten_fresh_days_give_the_rate_of_twenty_old_ones() -> None:
    assert rate(counts(fresh=True)) == pytest.approx(rate(counts(fresh=False)), abs=1e-9)


def test_purchases_of_a_pair_that_is_nearly_all_fresh_are_missing_and_not_few() -> None:
    pair = counts(fresh=True)
    pair["ripe_examination"] = np.array([300.0])
    assert np.isnan(rate(pair))
