"""What an input can do behind its readers' backs: compaction, overwrites, rollbacks, expiry, clocks, partitions."""

from __future__ import annotations

import time
from dataclasses import replace
from pathlib import Path
from types import SimpleNamespace

import pyiceberg.table.snapshots
import pytest

from tests.accounts.names import CANCELS, PLANS, SIGNUPS
from tests.accounts.world import Accounts, Event, hour, hours, same_rows_as_rebuild
from tests.loop.respecified import with_spec
from tidemark import session
from tidemark.errors import PositionLost
from tidemark.hands import adopt_rollback
from tidemark.lake.properties import CATALOG
from tidemark.ranges import Interval, union
from tidemark.records import How

pytestmark = [pytest.mark.loop, pytest.mark.spark]

FACTS, STATES, AROUND = "accounts.signups", "accounts.account_states", "accounts.signups_around"


def arrive(accounts: Accounts, *at: float, complete: float = 20) -> None:
    """One commit of sign-ups."""
    accounts.append(SIGNUPS, [Event(f"s{x}", f"account-{x}", x) for x in at], complete=complete)


def call(accounts: Accounts, procedure: str) -> None:
    accounts.spark.sql(f"CALL {CATALOG}.system.{procedure}").collect()


def alter(accounts: Accounts, change: str) -> None:
    accounts.spark.sql(f"ALTER TABLE {CATALOG}.{SIGNUPS} {change}")


def ids(accounts: Accounts) -> list[str]:
    return sorted(row["event_id"] for row in accounts.rows(FACTS))


def test_s20_rows_that_were_compacted_before_they_were_seen_come_once(accounts: Accounts) -> None:
    arrive(accounts, 0.1)
    arrive(accounts, 0.2)
    accounts.run(FACTS)
    arrive(accounts, 0.3)
    call(accounts, f"rewrite_data_files(table => '{SIGNUPS}', options => map('rewrite-all', 'true'))")
    arrive(accounts, 0.4)

    done = accounts.run(FACTS)

    assert len(accounts.files(SIGNUPS)) == 2, "three files were folded into one"
    assert done.plan.how is How.append
    assert done.plan.inputs["feed"].changes.startswith("3 snapshots (2 appended, 1 content kept)")
    assert ids(accounts) == ["s0.1", "s0.2", "s0.3", "s0.4"]


def overwrite_hour_3(accounts: Accounts) -> None:
    """The partition of hour 3 again, one row mended and one gone."""
    mode = "spark.sql.sources.partitionOverwriteMode"
    accounts.spark.conf.set(mode, "dynamic")
    try:
        accounts.spark.sql(
            f"INSERT OVERWRITE {CATALOG}.{SIGNUPS} SELECT event_id, account_id, 'mended', happened_at, arrived_at "
            f"FROM {CATALOG}.{SIGNUPS} WHERE event_id = 's3.1'"
        )
    finally:
        accounts.spark.conf.unset(mode)
    accounts.complete(SIGNUPS, None)


def test_s21_an_overwritten_hour_is_replaced_and_what_was_appended_beside_it_comes_once(
    accounts: Accounts, tmp_path: Path
) -> None:
    with_spec(accounts, AROUND, catch_up_limit=None)
    arrive(accounts, 0.1, 3.1, 3.2, 9.1)
    accounts.run(FACTS)
    accounts.run(AROUND)
    kept = {file for file in accounts.files(FACTS) if "04-12-03" not in file}
    arrive(accounts, 12.1)
    overwrite_hour_3(accounts)

    facts, around = accounts.run(FACTS), accounts.run(AROUND)

    assert facts.plan.ranges == (hours(3, 3), hours(12, 12))
    assert around.plan.ranges == (hours(2, 6), hours(11, 15))
    assert kept < accounts.files(FACTS), "what was not touched stays the same files"
    assert ids(accounts) == ["s0.1", "s12.1", "s3.1", "s9.1"]
    assert [row["plan"] for row in accounts.rows(FACTS) if row["event_id"] == "s3.1"] == ["mended"]
    same_rows_as_rebuild(accounts, AROUND, tmp_path / "clean")


def test_s22_behind_an_expired_position_the_tail_is_not_read(accounts: Accounts) -> None:
    arrive(accounts, 0.1)
    accounts.run(FACTS)
    head = accounts.head(FACTS)
    for at in (0.2, 0.3, 0.4):
        arrive(accounts, at)
    call(accounts, f"expire_snapshots(table => '{SIGNUPS}', older_than => TIMESTAMP '2100-01-01', retain_last => 2)")

    with pytest.raises(PositionLost, match=r"has expired; .*nothing was read.*--resync"):
        accounts.run(FACTS)
    assert accounts.head(FACTS) == head

    session.run(accounts.context, FACTS, resync=True, say=accounts.said.append)
    assert ids(accounts) == ["s0.1", "s0.2", "s0.3", "s0.4"]


def test_s22_an_input_rolled_back_behind_its_reader_offers_the_resync(accounts: Accounts) -> None:
    arrive(accounts, 0.1)
    before = accounts.head(SIGNUPS)
    arrive(accounts, 0.2)
    accounts.run(FACTS)
    call(accounts, f"rollback_to_snapshot('{SIGNUPS}', {before})")
    arrive(accounts, 0.3)

    with pytest.raises(PositionLost, match=r"rolled back; .*nothing was read.*--resync"):
        accounts.run(FACTS)

    assert ids(accounts) == ["s0.1", "s0.2"]
    session.run(accounts.context, FACTS, resync=True, say=accounts.said.append)
    assert ids(accounts) == ["s0.1", "s0.3"]


def test_s22_a_resync_promises_no_more_than_an_input_that_was_rolled_back(accounts: Accounts) -> None:
    window = replace(accounts.context.specs[AROUND].inputs["signups"], dataset=FACTS)
    with_spec(accounts, AROUND, inputs={"signups": window})
    arrive(accounts, 0.1, complete=2)
    accounts.run(FACTS)
    before = accounts.head(FACTS)
    arrive(accounts, 8.1, complete=12)
    accounts.run(FACTS)
    accounts.run(AROUND)
    call(accounts, f"rollback_to_snapshot('{FACTS}', {before})")
    adopt_rollback(accounts.context, FACTS, "a test rolled it back", accounts.said.append)

    resynced = session.run(accounts.context, AROUND, resync=True, say=accounts.said.append)

    assert (resynced.plan.complete_through, resynced.plan.final_through) == (hour(3), hour(2))
    accounts.run(FACTS)
    assert accounts.run(AROUND).plan.complete_through == hour(13)


def test_s22_a_table_dropped_and_made_anew_is_not_taken_for_the_old_one(accounts: Accounts) -> None:
    arrive(accounts, 0.1)
    accounts.run(AROUND)
    accounts.spark.sql(f"DROP TABLE {CATALOG}.{SIGNUPS}")
    arrive(accounts, 0.2)

    with pytest.raises(PositionLost, match=r"dropped and made anew.*--resync"):
        accounts.plan(AROUND)


@pytest.fixture
def commit_clock(monkeypatch: pytest.MonkeyPatch) -> SimpleNamespace:
    """The clock that stamps commits; it stands still at `stopped_at` (in seconds) where that is set."""
    clock = SimpleNamespace(stopped_at=None)
    stamp = SimpleNamespace(time=lambda: time.time() if clock.stopped_at is None else clock.stopped_at)
    monkeypatch.setattr(pyiceberg.table.snapshots, "time", stamp)
    return clock


def test_s24_commits_of_one_millisecond_and_of_a_clock_that_went_back_are_each_taken_once(
    accounts: Accounts, commit_clock: SimpleNamespace
) -> None:
    arrive(accounts, 0.1)
    accounts.run(FACTS)
    commit_clock.stopped_at = time.time()
    arrive(accounts, 0.2)
    arrive(accounts, 0.3)
    commit_clock.stopped_at -= 30  # Iceberg's own readers accept up to a minute
    arrive(accounts, 0.4)
    commit_clock.stopped_at = None
    *_, second, third, fourth = (snapshot.timestamp_ms for snapshot in accounts.table(SIGNUPS).snapshots())

    disordered = accounts.run(FACTS)
    arrive(accounts, 0.5)
    after = accounts.run(FACTS)

    assert second == third > fourth, "the history that this is about"
    assert disordered.plan.inputs["feed"].changes.startswith("3 snapshots (3 appended); 3 rows")
    assert after.plan.inputs["feed"].changes.startswith("1 snapshots (1 appended); 1 rows")
    assert ids(accounts) == ["s0.1", "s0.2", "s0.3", "s0.4", "s0.5"]
    assert accounts.plan(FACTS).how is How.nothing


def test_s25_more_changed_partitions_than_a_summary_lists(accounts: Accounts) -> None:
    with_spec(accounts, AROUND, catch_up_limit=None)
    arrive(accounts, 0.5, complete=200)
    accounts.run(AROUND)
    alter(accounts, "SET TBLPROPERTIES ('write.summary.partition-limit' = '2')")
    late = [10.0 * n for n in range(1, 13)]
    rows = ", ".join(
        f"('s{at}', 'a', 'basic', TIMESTAMP '{hour(at):%Y-%m-%d %H:%M:%S}Z', TIMESTAMP '{hour(at):%Y-%m-%d %H:%M:%S}Z')"
        for at in late
    )
    accounts.spark.sql(f"INSERT INTO {CATALOG}.{SIGNUPS} VALUES {rows}")
    accounts.complete(SIGNUPS, None)
    head = accounts.table(SIGNUPS).current_snapshot()

    assert head is not None and head.summary is not None
    listed = [key for key in head.summary.additional_properties if key.startswith("partitions.")]
    assert (head.summary.additional_properties["changed-partition-count"], listed) == ("12", [])
    assert accounts.plan(AROUND).ranges == union(hours(int(at) - 1, int(at) + 3) for at in late)


def test_s25_partitions_that_turn_from_days_to_hours_midway_make_the_same_plan(
    accounts: Accounts, tmp_path: Path
) -> None:
    with_spec(accounts, AROUND, catch_up_limit=None)
    accounts.table(SIGNUPS)
    alter(accounts, "REPLACE PARTITION FIELD arrived_at_hour WITH day(arrived_at)")
    arrive(accounts, 0.1, 5.1, 9.1)
    accounts.run(AROUND)
    arrive(accounts, 5.2)
    alter(accounts, "REPLACE PARTITION FIELD arrived_at_day WITH hour(arrived_at)")
    arrive(accounts, 12.1)

    plan = accounts.run(AROUND).plan

    assert {path.split("/data/")[1].split("=")[0] for path in accounts.files(SIGNUPS)} == {
        "arrived_at_day",
        "arrived_at_hour",
    }
    assert plan.ranges == (hours(4, 8), hours(11, 15))
    accounts.delete(SIGNUPS, "event_id = 's5.1'")
    whole_file = Interval(hour(0 - 1), hour(9 + 3 + 1))  # the day's file was written anew: one interval a file
    assert accounts.plan(AROUND).ranges == (whole_file,)
    accounts.run(AROUND)
    same_rows_as_rebuild(accounts, AROUND, tmp_path / "clean")


def test_s26_a_day_that_upstream_replays_counts_once(accounts: Accounts) -> None:
    day = [Event(f"s{at}", f"account-{at}", at) for at in (0.5, 2.5)]
    accounts.append(SIGNUPS, day, complete=5)
    accounts.append(CANCELS, [Event("c1", "account-0.5", 3.5)], complete=5)
    accounts.complete(PLANS, 5)
    accounts.run(STATES)
    rows = accounts.rows(STATES)

    accounts.append(SIGNUPS, [Event(e.event_id, e.account_id, e.at, landed=9) for e in day])
    accounts.append(CANCELS, [Event("c1", "account-0.5", 3.5, landed=9)])
    done = accounts.run(STATES)

    assert done.plan.ranges == (hours(0, 5),)
    assert rows and accounts.rows(STATES) == rows
