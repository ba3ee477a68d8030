"""The label horizon follows a history that grows: labels and examples are rebuilt when it is raised, and not before."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from datetime import date, timedelta
from pathlib import Path
from typing import Any

import pytest

from steering.horizons import remark
from tests.loop.searching import FOLLOWED, START, Record, Searching, request
from tidemark import session
from tidemark.operate.remarks import read_remark
from tidemark.stages import Committed
from tidemark.state.cause import Resync

pytestmark = [pytest.mark.loop, pytest.mark.spark, pytest.mark.long]

HORIZONS, LABELS = "ranking.label_horizons", "ranking.relevance_labels"
EXAMPLES, RANKERS = "ranking.training_examples", "ranking.rankers"
TO_EXAMPLES = {
    *FOLLOWED,
    "search.interactions",
    "ranking.automated_clients",
    "ranking.query_item_counts",
    "ranking.position_propensities",
    "ranking.query_item_features",
    HORIZONS,
    LABELS,
    EXAMPLES,
}
DAY = timedelta(days=1)
FIRST = START.date()


class Growing(Searching):
    """A shop whose history grows. Each day's log arrives in the evening."""

    days = 0
    built = frozenset(TO_EXAMPLES)

    def grow_to(self, days: int) -> dict[str, Committed]:
        """Hand in the logs of the next days, and run all sessions on the day after the last one."""
        self.clock = START + days * DAY
        for number in range(self.days, days):
            at = START + number * DAY
            self.hand_in(f"{at:%Y-%m-%d}T23/{number}.jsonl", visits(number))
        self.days = days
        return self.run(self.built)

    def windows(self, dataset: str) -> set[tuple[date, date]]:
        """Return the label windows in a table."""
        return {(row["window_start"], row["window_end"]) for row in self.rows(dataset)}


def visits(number: int) -> Iterable[Record]:
    """Return some requests of a day; in each, one shown item is clicked."""
    for minute in range(4):
        at = START + number * DAY + timedelta(minutes=minute)
        query, *shown = request("shop", at, base=1)
        yield from (query, *shown)
        place = (number + minute) % 3
        yield {**shown[place], "action_name": "click", "timestamp": (at + timedelta(seconds=9)).isoformat()}


def day(number: int) -> date:
    return FIRST + number * DAY


@pytest.fixture
def shop(home: Path, spark_remote: str) -> Growing:
    return Growing(home, spark_remote)


def test_the_horizon_follows_a_history_that_grows_from_three_weeks_to_nine(shop: Growing) -> None:
    """START is a Wednesday and cuts are Thursdays, so the first cut ends on day 1, the next on day 8."""
    shop.grow_to(21)
    assert shop.windows(LABELS) == {(day(cut - 7), day(cut)) for cut in (1, 8, 15)}
    assert shop.windows(EXAMPLES) == shop.windows(LABELS), "the first window began before the logs did"
    by_window = {row["window_start"]: set(row["behaviour"]) for row in map(as_dicts, shop.rows(EXAMPLES))}
    assert not by_window[day(-6)] and by_window[day(8)], "without traffic before it, a window has content alone"

    before, built = shop.files(LABELS), shop.rows(LABELS)
    shop.grow_to(28)
    assert [row["horizon_days"] for row in shop.rows(HORIZONS)] == [7, 7]
    kept = {cut: files for cut, files in shop.files(LABELS).items() if cut in before}
    assert kept == before, "no window that was right is built again"
    assert [row for row in shop.rows(LABELS) if row in built] == built

    shop.grow_to(63)
    assert shop.windows(LABELS) == {(day(cut - 28), day(cut)) for cut in range(1, 63, 7)}
    assert {row["feature_day"] for row in shop.rows(EXAMPLES)} == {day(cut - 28) for cut in range(1, 63, 7)}
    assert remark(shop.context.lake) == (
        f"labels count 28 days since {day(62)} (63 days of logs); before that, 7 days since {day(20)}"
    )
    assert as_rebuilt(shop, LABELS, EXAMPLES)

    shop.built = frozenset({*FOLLOWED, HORIZONS})
    shop.grow_to(64)
    assert len(shop.rows(HORIZONS)) == 3, "a settled horizon reads no more requests"


def as_dicts(row: Mapping[str, Any]) -> dict[str, Any]:
    """Return a row of examples with its features as a dictionary."""
    return {**row, "behaviour": dict(row["behaviour"])}


def as_rebuilt(shop: Growing, *datasets: str) -> bool:
    """Return whether a rebuild of the tables, one after another, gives the same rows."""
    before = [shop.rows(name) for name in datasets]
    for name in datasets:
        session.run(shop.context, name, Resync("a test compares"), say=shop.said.append)
    return before == [shop.rows(name) for name in datasets]


def test_a_horizon_by_hand_wins_and_a_history_that_is_too_short_says_what_to_do(shop: Growing) -> None:
    shop.configure("label_horizon: 14d\n")
    shop.built |= {"ranking.example_splits", RANKERS}
    shop.grow_to(10)
    assert shop.windows(LABELS) == {(day(cut - 14), day(cut)) for cut in (1, 8)}
    run = newest(shop, RANKERS, "version")
    assert run["verdict"] == (
        "Nothing to train on yet: 10 days of logs, 2 cuts, 1 query and 3 labelled pairs are at hand. A label window of "
        "14 days to train on and a later one to test on take 35 days of logs: wait for 25 more days, hand in older "
        "logs, or set label_horizon in search.yaml to auto instead of 14d."
    )

    assert read_remark(shop.context.lake, RANKERS) == f"run 1, {run['model_version']}: {run['verdict']}"

    shop.configure("")
    shop.grow_to(12)
    assert newest(shop, HORIZONS, "revision")["horizon_days"] == 7
    assert shop.windows(LABELS) == {(day(cut - 7), day(cut)) for cut in (1, 8)}
    verdict = newest(shop, RANKERS, "version")["verdict"]
    assert "12 days of logs" in verdict
    assert verdict.endswith("take 21 days of logs: wait for 9 more days, or hand in older logs.")


def newest(shop: Growing, dataset: str, number: str) -> dict[str, Any]:
    """Return the row with the largest number."""
    return max(shop.rows(dataset), key=lambda row: int(row[number]))
