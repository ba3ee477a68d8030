"""Applications do not affect each other's impressions: new applications, broken loggers, and corrected settings."""

from __future__ import annotations

from datetime import timedelta
from pathlib import Path

import pytest

from tests.loop.searching import BASES, IMPRESSIONS, START, Searching, days_of, impression, request
from tidemark import session
from tidemark.catalog import ops
from tidemark.stages import Committed
from tidemark.state.cause import Resync
from tidemark.state.effect import AppendRows, How, Touch, built_ranges
from tidemark.state.ranges import Interval, intersect

pytestmark = [pytest.mark.loop, pytest.mark.spark]

WEEKS = range(0, 21, 3)
"""The days on which the larger application is used. Fewer partitions, and as many weeks."""


@pytest.fixture
def searching(home: Path, spark_remote: str) -> Searching:
    return Searching(home, spark_remote)


@pytest.fixture(scope="module")
def three_weeks(tmp_path_factory: pytest.TempPathFactory, spark_remote: str) -> Searching:
    """Three weeks of two applications, whose bases are found, and confirmed on the next day."""
    searching = Searching(tmp_path_factory.mktemp("three-weeks"), spark_remote)
    searching.hand_in("shop.jsonl", days_of("shop", WEEKS, base=0, requests=9))
    searching.hand_in("market.jsonl", days_of("market", (3, 18), base=1, requests=60))
    searching.run()
    searching.hand_in("later.jsonl", [*days_of("shop", (21,), base=0), *days_of("market", (21,), base=1)])
    searching.run()
    assert {row["application"]: row["base"] for row in searching.rows(BASES)} == {"shop": 0, "market": 1}
    assert {row["application"] for row in searching.rows(BASES) if row["settled"]} == {"shop", "market"}
    return searching


@pytest.fixture
def settled(three_weeks: Searching, tmp_path: Path) -> Searching:
    """A copy of the three weeks, which a test may change."""
    return three_weeks.copy_to(tmp_path / "settled")


def as_rebuilt(searching: Searching) -> bool:
    """Return whether a rebuild of all impressions gives the same rows."""
    before = searching.rows(IMPRESSIONS)
    session.run(searching.context, IMPRESSIONS, Resync("a test compares"), say=searching.said.append)
    return before == searching.rows(IMPRESSIONS)


def planned_days(done: dict[str, Committed]) -> set[str]:
    """Return the days of the impressions that the session rebuilt, whether or not their rows changed."""
    days = (START.replace(hour=0) + timedelta(days=day) for day in range(31))
    ranges = built_ranges(done[IMPRESSIONS].plan.effect)
    return {f"{day:%Y-%m-%d}" for day in days if intersect(ranges, (Interval(day, day + timedelta(days=1)),))}


def changed_days(before: dict[str, set[str]], after: dict[str, set[str]]) -> set[str]:
    return {day for day in {*before, *after} if before.get(day) != after.get(day)}


def test_s68_a_log_line_of_an_unseen_application_touches_only_its_day(settled: Searching) -> None:
    before = settled.files(IMPRESSIONS)
    assert len(before) == len(WEEKS) + 1
    at = START + timedelta(days=9)
    settled.hand_in("stranger.jsonl", request("stranger", at, base=1, shown=1)[1:])

    done = settled.run()

    assert isinstance(done[BASES].plan.effect, AppendRows), "there is a base to find"
    windows = {"2026-04-09", "2026-04-10"}  # what was acted on may have been shown up to a day before
    assert planned_days(done) == windows
    assert changed_days(before, settled.files(IMPRESSIONS)) == set(), "an action without its impression adds no row"
    assert done[IMPRESSIONS].plan.overdue == ()
    assert as_rebuilt(settled)


def test_an_hour_with_news_of_a_known_application_reads_no_action(settled: Searching) -> None:
    head = settled.table(BASES).metadata.current_snapshot_id
    settled.hand_in("hour.jsonl", days_of("shop", (22,), base=0))

    done = settled.run()

    plan = done[BASES].plan
    assert isinstance(plan.effect, Touch) and settled.table(BASES).metadata.current_snapshot_id == head
    assert plan.inputs["actions"].to_snapshot == settled.table("search.user_actions").metadata.current_snapshot_id
    assert plan.complete_through == done["search.user_actions"].plan.complete_through
    assert done[IMPRESSIONS].plan.how is How.overwrite
    assert as_rebuilt(settled)


def test_a_record_that_contradicts_is_set_aside_and_named_and_the_others_go_on(settled: Searching) -> None:
    before = settled.files(IMPRESSIONS)
    good = days_of("market", (19,), base=1, requests=1)
    stray = impression(
        {key: good[0][key] for key in ("application", "query_id", "client_id", "user_query")},
        START + timedelta(days=19),
        "stray",
        0,
    )
    settled.hand_in("broken.jsonl", [*good, '{"query_id": "no time"}', stray, *days_of("shop", (19,), base=0)])

    done = settled.run()

    names = list(done)
    assert names[0] == "search.quarantined_records", "on record before anything can refuse"
    assert [row["place"] for row in settled.rows("search.quarantined_records")] == [5]
    newest = max((row for row in settled.rows(BASES) if row["application"] == "market"), key=lambda r: r["revision"])
    assert (newest["base"], newest["set_aside_count"], newest["touched_at"]) == (1, 1, [])
    assert newest["zero_records"] == ["logs/broken.jsonl:6"]
    warnings = [said for said in settled.said if said.startswith("warning: rows where set_aside_count > 0")]
    assert any("broken.jsonl:6" in warning for warning in warnings)
    warned = [row for row in ops.rows(settled.context.lake, "ops.audit_results") if not row["passed"]]
    assert any(row["dataset"] == BASES and "logs/broken.jsonl:6" in row["examples"] for row in warned)
    shown = {(row["application"], row["item_id"]): row["position"] for row in of_day(settled, 19)}
    assert shown["market", "stray"] is None
    assert (shown["market", "i0"], shown["shop", "i0"]) == (1, 1)
    assert planned_days(done) == {f"2026-04-{day}" for day in (19, 20, 21, 22)}
    assert changed_days(before, settled.files(IMPRESSIONS)) == {"2026-04-20"}
    assert as_rebuilt(settled)


def of_day(searching: Searching, day: int) -> list[dict[str, object]]:
    wanted = (START + timedelta(days=day)).date()
    return [row for row in searching.rows(IMPRESSIONS) if row["shown_at"].date() == wanted]


@pytest.mark.long
@pytest.mark.parametrize("stray_first", [True, False])
def test_one_stray_record_decides_nothing_in_whatever_order_it_comes(searching: Searching, stray_first: bool) -> None:
    stray = request("market", START, base=0, shown=1)
    others = days_of("market", (1, 2, 3), base=1)
    for number, part in enumerate([stray, others] if stray_first else [others, stray]):
        searching.hand_in(f"{number}.jsonl", part)
        searching.run()

    newest = max(searching.rows(BASES), key=lambda row: row["revision"])
    assert (newest["base"], newest["set_aside_count"], len(newest["zero_records"])) == (1, 1, 1)
    assert sorted(row["position"] or 0 for row in searching.rows(IMPRESSIONS)) == [0, *[1] * 9, *[2] * 9, *[3] * 9]
    assert as_rebuilt(searching)


def test_a_corrected_base_rebuilds_the_days_of_its_application_alone(settled: Searching) -> None:
    before = settled.files(IMPRESSIONS)
    settled.configure("position: {base: {market: 0}}\n")

    done = settled.run()

    assert done[BASES].plan.inputs["actions"].added_only is False
    windows = {"2026-04-03", "2026-04-04", "2026-04-18", "2026-04-19", "2026-04-21", "2026-04-22"}
    assert planned_days(done) == windows
    assert changed_days(before, settled.files(IMPRESSIONS)) == {"2026-04-04", "2026-04-19", "2026-04-22"}
    assert {row["position"] for row in settled.rows(IMPRESSIONS) if row["application"] == "market"} == {2, 3, 4}
    assert {row["position"] for row in settled.rows(IMPRESSIONS) if row["application"] == "shop"} == {1, 2, 3}
    assert as_rebuilt(settled)
