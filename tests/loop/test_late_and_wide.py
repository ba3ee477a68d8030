"""Late events, several inputs at different speeds, chains and diamonds of tables, and hours at the edges of days."""

from __future__ import annotations

import json
import os
import subprocess
import sys
from dataclasses import replace
from datetime import UTC, datetime, timedelta
from pathlib import Path

import pytest

from tests.accounts.names import CANCELS, PLANS, SIGNUPS
from tests.accounts.world import DAY, Accounts, Event, hour, hours, same_rows_as_rebuild
from tests.loop.respecified import with_spec
from tidemark.state.effect import How
from tidemark.state.ranges import Interval

pytestmark = [pytest.mark.loop, pytest.mark.spark]

FACTS, STATES, AROUND = "accounts.signups", "accounts.account_states", "accounts.signups_around"
EARLIER, TOTALS = "accounts.signups_of_earlier_days", "accounts.signup_totals"


def events(*at: float, landed: float | None = None) -> list[Event]:
    return [Event(f"s{x}", f"account-{x}", x, landed=landed) for x in at]


def complete(accounts: Accounts, **through: float) -> None:
    for feed, last in through.items():
        accounts.complete(f"accounts.{feed}_feed", last)


def test_s05_what_lands_hours_after_it_happened_is_found_by_its_place_in_the_history(
    accounts: Accounts, tmp_path: Path
) -> None:
    accounts.append(SIGNUPS, events(0.1, 9.1), complete=9)
    for dataset in (FACTS, AROUND):
        accounts.run(dataset)
    accounts.append(SIGNUPS, events(4.5, landed=9), complete=9)

    late, around = accounts.run(FACTS), accounts.run(AROUND)

    assert (late.plan.how, around.plan.ranges) == (How.append, (hours(3, 7),))
    assert late.plan.complete_through == around.plan.complete_through == hour(10)
    assert {row["event_id"] for row in accounts.rows(FACTS)} == {"s0.1", "s4.5", "s9.1"}
    same_rows_as_rebuild(accounts, AROUND, tmp_path / "clean")


def test_s06_the_slowest_input_sets_the_limit_and_a_faster_one_never_moves_it(accounts: Accounts) -> None:
    accounts.append(SIGNUPS, events(0.1, 8.1, 9.1, 11.1))
    complete(accounts, signups=11, plans=12, cancels=8)
    assert accounts.run(STATES).plan.complete_through == hour(9)

    complete(accounts, signups=15, plans=16)
    ahead = accounts.plan(STATES)
    complete(accounts, cancels=9)
    caught_up = accounts.plan(STATES)

    assert (ahead.complete_through, ahead.ranges) == (hour(9), ())
    assert (caught_up.complete_through, caught_up.ranges) == (hour(10), (hours(9, 9),))
    assert any("set by cancels" in note for note in caught_up.notes)


def test_s07_one_range_from_the_least_touched_hour_and_each_input_read_by_its_own_window(
    accounts: Accounts, tmp_path: Path
) -> None:
    accounts.append(SIGNUPS, events(0.1))
    complete(accounts, signups=12, plans=12, cancels=12)
    accounts.run(STATES)
    accounts.append(SIGNUPS, events(3.1))
    accounts.append(PLANS, [Event("p7", "account-0.1", 7.1, "gold")])

    done = accounts.run(STATES)

    assert done.plan.ranges == (hours(3, 12),)
    assert {name: read.reads[0].start.year for name, read in done.plan.inputs.items() if read.reads} == {
        "signups": 1900,
        "plans": 1900,
        "cancels": 1900,
    }
    same_rows_as_rebuild(accounts, STATES, tmp_path / "clean")


def test_s07_a_windowed_input_beside_one_without_end(accounts: Accounts) -> None:
    inputs = accounts.context.specs[STATES].inputs
    plans = replace(inputs["plans"], before=timedelta(hours=2))
    with_spec(accounts, STATES, inputs={**inputs, "plans": plans})
    accounts.append(SIGNUPS, events(0.1))
    complete(accounts, signups=20, plans=20, cancels=20)
    accounts.run(STATES)
    accounts.append(PLANS, [Event("p7", "account-0.1", 7.1, "gold")])

    plan = accounts.plan(STATES)

    assert plan.ranges == (hours(7, 9),)
    assert plan.inputs["plans"].reads == (hours(5, 9),)
    assert plan.inputs["signups"].reads == (Interval(datetime(1900, 1, 1, tzinfo=UTC), hour(10)),)


def test_s09_a_late_file_in_an_old_landing_hour_and_old_events_in_a_new_one(accounts: Accounts, tmp_path: Path) -> None:
    accounts.append(SIGNUPS, events(0.1, 3.1, 8.1), complete=8)
    accounts.run(FACTS)
    accounts.append(SIGNUPS, events(3.4, landed=3), complete=8)
    accounts.append(SIGNUPS, events(1.7, 9.2, landed=9), complete=9)

    done = accounts.run(FACTS)

    assert done.plan.how is How.append
    by_hour = {path.split("happened_at_hour=")[1].split("/")[0] for path in accounts.files(FACTS)}
    assert by_hour == {f"2026-04-12-{h:02}" for h in (0, 1, 3, 8, 9)}
    same_rows_as_rebuild(accounts, FACTS, tmp_path / "clean")


def chain(accounts: Accounts) -> None:
    """A chain of datasets: facts of a feed, counts around the facts, and sums of these counts by day."""
    around = accounts.context.specs[AROUND].inputs["signups"]
    with_spec(accounts, AROUND, inputs={"signups": replace(around, dataset=FACTS)}, catch_up_limit=None)
    days = accounts.context.specs[EARLIER].inputs["signups"]
    third = "tests.loop.transforms:hours_of_earlier_days"
    with_spec(accounts, EARLIER, inputs={"signups": replace(days, dataset=AROUND)}, transform=third)


def test_s14_each_level_of_a_chain_rebuilds_from_its_own_least_time_and_says_so(
    accounts: Accounts, tmp_path: Path
) -> None:
    chain(accounts)
    accounts.append(SIGNUPS, events(0.5, 1.5, 30.5, 60.5), complete=24 * 4 - 1)
    levels = (FACTS, AROUND, EARLIER)
    for dataset in levels:
        accounts.run(dataset)
    accounts.append(SIGNUPS, events(2.2, landed=90), complete=24 * 4 - 1)

    facts, around, days = (accounts.run(dataset).plan for dataset in levels)

    assert facts.inputs["feed"].changes == ("1 snapshot (1 appended); 1 row of 2026-04-12T02:12Z..2026-04-12T02:13Z")
    assert around.ranges == (hours(1, 5),)
    assert days.ranges == (Interval(hour(24), hour(72)),)
    same_rows_as_rebuild(accounts, EARLIER, tmp_path / "clean")
    assert {accounts.plan(dataset).how for dataset in levels} == {How.nothing}


def test_s15_however_a_diamond_is_triggered_each_change_is_taken_in_once(accounts: Accounts, tmp_path: Path) -> None:
    inputs = accounts.context.specs[STATES].inputs
    with_spec(accounts, STATES, inputs={**inputs, "signups": replace(inputs["signups"], dataset=FACTS)})
    accounts.append(SIGNUPS, events(0.5))
    complete(accounts, signups=5, plans=5, cancels=5)
    for dataset in (FACTS, STATES):
        accounts.run(dataset)
    accounts.append(SIGNUPS, events(4.5))
    accounts.append(PLANS, [Event("p1", "account-0.5", 2.5, "gold")])

    early = accounts.run(STATES)
    accounts.run(FACTS)
    late, again = accounts.run(STATES), accounts.run(STATES)

    assert (early.plan.ranges, late.plan.ranges) == ((hours(2, 5),), (hours(4, 5),))
    assert again.plan.how is How.nothing
    same_rows_as_rebuild(accounts, STATES, tmp_path / "clean")


def test_s17_a_stalled_input_holds_back_what_the_others_bring_and_releases_all_of_it(
    accounts: Accounts, tmp_path: Path
) -> None:
    accounts.append(SIGNUPS, events(0.5))
    complete(accounts, signups=5, plans=5, cancels=5)
    accounts.run(STATES)
    accounts.append(SIGNUPS, events(6.5, 7.5, 11.5))
    complete(accounts, signups=11, plans=11)
    stalled = accounts.run(STATES)
    accounts.append(SIGNUPS, events(4.5))
    late = accounts.run(STATES)

    assert stalled.plan.how is How.touch
    assert stalled.plan.held_back[0].start == hour(6.5)
    assert late.plan.ranges == (hours(4, 5),)
    assert {row["hour"] for row in accounts.rows(STATES)} == {hour(h) for h in range(6)}

    complete(accounts, cancels=11)
    assert accounts.run(STATES).plan.ranges == (hours(6, 11),)
    same_rows_as_rebuild(accounts, STATES, tmp_path / "clean")


def test_s18_a_cancel_before_its_late_signup_counts_from_its_own_hour(accounts: Accounts, tmp_path: Path) -> None:
    accounts.append(SIGNUPS, events(0.5))
    accounts.append(CANCELS, [Event("c1", "account-2.5", 3.5)])
    complete(accounts, signups=5, plans=5, cancels=5)
    accounts.run(STATES)
    assert {row["account_id"] for row in accounts.rows(STATES)} == {"account-0.5"}

    accounts.append(SIGNUPS, events(2.5, landed=6))
    done = accounts.run(STATES)

    of_account = {row["hour"]: row["active"] for row in accounts.rows(STATES) if row["account_id"] == "account-2.5"}
    assert done.plan.ranges == (hours(2, 5),)
    assert of_account == {hour(2): True, hour(3): False, hour(4): False, hour(5): False}
    same_rows_as_rebuild(accounts, STATES, tmp_path / "clean")


EDGES = {
    "midnight": datetime(2026, 4, 13, tzinfo=UTC),
    "month end": datetime(2026, 5, 1, tzinfo=UTC),
    "spring forward in New York": datetime(2026, 3, 8, 7, tzinfo=UTC),
    "fall back in New York": datetime(2026, 11, 1, 6, tzinfo=UTC),
    "leap day": datetime(2028, 2, 29, tzinfo=UTC),
    "after the leap day": datetime(2028, 3, 1, tzinfo=UTC),
}

IN_NEW_YORK = """
import json, sys
from datetime import datetime
from pathlib import Path
from tests.accounts.world import DAY, SCHEMAS, Accounts, Event
from tidemark.settings import PostgresAddress, Settings

home, remote, catalog, edges = sys.argv[1], sys.argv[2], sys.argv[3], json.loads(sys.argv[4])
assert datetime(2026, 4, 12, 12).astimezone().utcoffset().total_seconds() == -4 * 3600
address = PostgresAddress.parse(catalog) if catalog else None
accounts = Accounts(Settings(home=Path(home), schemas=SCHEMAS, spark_remote=remote, catalog_address=address))
around = []
for edge in edges:
    at = (datetime.fromisoformat(edge) - DAY).total_seconds() / 3600
    around += [Event(f"{edge} {step}", f"a{len(around)}", at + step) for step in (-1.5, -0.5, 0, 0.5, 1.5)]
accounts.append("accounts.signups_feed", around, complete=24 * 800)
for dataset in ("accounts.signups", "accounts.signups_around", "accounts.signups_of_earlier_days"):
    accounts.run(dataset)
"""


def test_s19_partitions_are_utc_at_every_edge_of_a_day_on_a_host_that_is_not(
    accounts: Accounts, home: Path, spark_remote: str, catalog_uri: str | None
) -> None:
    edges = json.dumps([edge.isoformat() for edge in EDGES.values()])
    command = [sys.executable, "-c", IN_NEW_YORK, str(home), spark_remote, catalog_uri or "", edges]
    subprocess.run(command, check=True, env={**os.environ, "TZ": "America/New_York"}, timeout=120)

    steps = [timedelta(hours=step) for step in (-1.5, -0.5, 0, 0.5, 1.5)]
    happened = [edge + step for edge in EDGES.values() for step in steps]
    assert sorted(row["happened_at"] for row in accounts.rows(FACTS)) == sorted(happened)
    named = {path.split("happened_at_hour=")[1].split("/")[0] for path in accounts.files(FACTS)}
    assert named == {f"{at:%Y-%m-%d-%H}" for at in happened}

    def count(start: datetime, end: datetime) -> int:
        return sum(start <= at < end for at in happened)

    an_hour, a_day = timedelta(hours=1), timedelta(days=1)
    for row in accounts.rows(AROUND):
        assert row["signups"] == count(row["hour"] - 3 * an_hour, row["hour"] + 2 * an_hour), row
    for row in accounts.rows(EARLIER):
        day = datetime(row["day"].year, row["day"].month, row["day"].day, tzinfo=UTC)
        assert row["signups"] == count(day - 2 * a_day, day), row
    assert len(accounts.rows(EARLIER)) == len({(at + n * a_day).date() for at in happened for n in (1, 2)})


def test_s19_a_change_of_day_in_another_zone_changes_no_plan(accounts: Accounts) -> None:
    midnight_in_new_york = (datetime(2026, 4, 13, 4, tzinfo=UTC) - DAY) / timedelta(hours=1)
    accounts.append(SIGNUPS, events(0.5), complete=24 * 5 - 1)
    accounts.run(EARLIER)
    accounts.append(SIGNUPS, events(midnight_in_new_york - 0.1, midnight_in_new_york + 0.1), complete=24 * 5 - 1)

    assert accounts.plan(EARLIER).ranges == (Interval(hour(48), hour(96)),)
