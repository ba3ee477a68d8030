"""A late record changes what is known from its arrival on, so readers along known time rebuild nothing before it."""

from __future__ import annotations

from datetime import datetime, timedelta
from pathlib import Path
from typing import Any

import pytest

from tests.loop.searching import FOLLOWED, START, Searching, days_of, request
from tidemark import session
from tidemark.catalog.properties import KNOWN_CHANGES, property_of
from tidemark.state.cause import Resync
from tidemark.state.effect import built_ranges
from tidemark.state.known_changes import KnownChanges
from tidemark.state.ranges import Interval

pytestmark = [pytest.mark.loop, pytest.mark.spark]

INTERACTIONS, PROGRAMS, COUNTS, SIGNALS, CURVES, FEATURES = (
    "search.interactions",
    "ranking.automated_clients",
    "ranking.query_item_counts",
    "ranking.query_item_signals",
    "ranking.position_propensities",
    "ranking.query_item_features",
)
ALL = {*FOLLOWED, INTERACTIONS, PROGRAMS, COUNTS, SIGNALS, CURVES, FEATURES}
DAYS = 6


def day(number: int) -> datetime:
    return START.replace(hour=0) + timedelta(days=number)


def days(first: int, end: int) -> Interval:
    return Interval(day(first), day(end))


def late_click(shown_on: int) -> dict[str, Any]:
    """A click on an item of the first request of a day."""
    shown = request("shop", START + timedelta(days=shown_on), base=1)[1]
    at = START + timedelta(days=shown_on, minutes=1)
    return {**shown, "action_name": "click", "timestamp": at.isoformat()}


@pytest.fixture(scope="module")
def six_days(tmp_path_factory: pytest.TempPathFactory, spark_remote: str) -> Searching:
    """Six days of a shop, through to the features of the day after. The last hour of the last day is complete."""
    world = Searching(tmp_path_factory.mktemp("six-days"), spark_remote)
    world.hand_in("history.jsonl", days_of("shop", range(DAYS), base=1))
    world.hand_in("midnight.jsonl", request("shop", day(DAYS) - timedelta(minutes=30), base=1))
    world.run(ALL)
    return world


@pytest.fixture
def searching(six_days: Searching, tmp_path: Path) -> Searching:
    """A copy of the six days, which a test may change."""
    return six_days.copy_to(tmp_path / "copy")


def known_changes(world: Searching) -> KnownChanges:
    head = world.table(COUNTS).current_snapshot()
    assert head is not None
    found = KnownChanges.from_json(property_of(head, KNOWN_CHANGES) or "")
    assert found is not None
    return found


def test_a_late_click_touches_only_the_days_that_may_know_it(searching: Searching) -> None:
    before = {name: searching.files(name) for name in (COUNTS, SIGNALS, FEATURES)}
    searching.hand_in(f"{day(4):%Y-%m-%d}T12/late.jsonl", [late_click(shown_on=1)])

    done = searching.run(ALL)

    assert built_ranges(done[COUNTS].plan.effect) == built_ranges(done[SIGNALS].plan.effect) == (days(1, 2),)
    assert [change.span for change in known_changes(searching).changed] == [days(4, 5)]
    assert built_ranges(done[FEATURES].plan.effect) == built_ranges(done[CURVES].plan.effect) == (days(5, 7),)
    assert {name: changed_days(before[name], searching.files(name)) for name in before} == {
        COUNTS: {"2026-04-02"},
        SIGNALS: {"2026-04-02"},
        FEATURES: {"2026-04-06", "2026-04-07"},
    }
    for name in (COUNTS, CURVES, FEATURES):
        assert as_rebuilt(searching, name)


@pytest.mark.long
def test_a_click_beside_news_of_another_day_touches_both(searching: Searching) -> None:
    searching.hand_in(f"{day(2):%Y-%m-%d}T12/late.jsonl", [late_click(shown_on=1)])
    midnight = request("shop", day(DAYS + 1) - timedelta(minutes=30), base=1)
    searching.hand_in(f"{day(DAYS):%Y-%m-%d}T23/next.jsonl", [*days_of("shop", (DAYS,), base=1), *midnight])

    done = searching.run(ALL)

    assert [change.span for change in known_changes(searching).changed] == [days(2, 3), days(DAYS, DAYS + 1)]
    assert built_ranges(done[FEATURES].plan.effect) == (days(3, DAYS + 2),)
    assert as_rebuilt(searching, FEATURES)

    # Rows that another hand removes are known by the bounds of their file alone.
    searching.table(COUNTS).delete("day = '2026-04-02'")
    assert session.plan(searching.context, FEATURES).ranges == (days(2, DAYS + 2),)


def changed_days(before: dict[str, set[str]], after: dict[str, set[str]]) -> set[str]:
    return {day for day in {*before, *after} if before.get(day) != after.get(day)}


def as_rebuilt(world: Searching, dataset: str) -> bool:
    """Return whether a rebuild of the whole table gives the same rows."""
    before = world.rows(dataset)
    session.run(world.context, dataset, Resync("a test compares"), say=world.said.append)
    return bool(before) and before == world.rows(dataset)
