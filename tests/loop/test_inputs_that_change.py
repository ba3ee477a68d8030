"""Changes of an input that its readers must notice: compaction, overwrites, rollbacks, expiry, clocks, partitions."""

from __future__ import annotations

import time
from collections.abc import Iterable, Iterator
from dataclasses import replace
from pathlib import Path
from types import SimpleNamespace
from typing import Any

import pyiceberg.table.snapshots
import pytest
from pyiceberg.manifest import DataFileContent, ManifestFile
from pyiceberg.table import ManifestGroupPlanner

from tests.accounts.names import CANCELS, PLANS, SIGNUPS
from tests.accounts.world import Accounts, Event, hour, hours, same_rows_as_rebuild
from tests.loop.housekeeping import expire
from tests.loop.respecified import with_spec
from tidemark import session
from tidemark.catalog import manifests
from tidemark.catalog.properties import CATALOG
from tidemark.catalog.storage import files_of
from tidemark.errors import InputChanged, PositionLost
from tidemark.operate.manual import adopt
from tidemark.state.cause import Resync
from tidemark.state.effect import How
from tidemark.state.ranges import Interval, union

pytestmark = [pytest.mark.loop, pytest.mark.spark]

FACTS, STATES, AROUND = "accounts.signups", "accounts.account_states", "accounts.signups_around"


def arrive(accounts: Accounts, *at: float, complete: float = 20) -> None:
    """Add sign-ups in one commit."""
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
    """Overwrite the partition of hour 3: one row is corrected and one removed."""
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


def erase_merging_on_read(accounts: Accounts, event_id: str) -> None:
    """Erase rows by a delete file, so that the data file stays as it is."""
    alter(accounts, "SET TBLPROPERTIES ('write.delete.mode' = 'merge-on-read')")
    accounts.delete(SIGNUPS, f"event_id = '{event_id}'")
    head = accounts.table(SIGNUPS).current_snapshot()
    assert head is not None and head.summary is not None and head.summary["added-delete-files"] == "1"


@pytest.mark.parametrize("folded", [False, True])
def test_s21_an_erasure_by_a_delete_file_touches_the_hours_of_the_files_that_it_applies_to(
    accounts: Accounts, tmp_path: Path, folded: bool
) -> None:
    with_spec(accounts, AROUND, catch_up_limit=None)
    arrive(accounts, 3.1, 3.2, 9.1)
    arrive(accounts, 9.2)
    accounts.run(FACTS)
    accounts.run(AROUND)
    erase_merging_on_read(accounts, "s3.1")
    if folded:
        call(accounts, f"rewrite_data_files(table => '{SIGNUPS}', options => map('rewrite-all', 'true'))")

    facts, around = accounts.run(FACTS), accounts.run(AROUND)

    assert (facts.plan.ranges, around.plan.ranges) == ((hours(3, 3),), (hours(2, 6),))
    assert ids(accounts) == ["s3.2", "s9.1", "s9.2"]
    same_rows_as_rebuild(accounts, AROUND, tmp_path / "clean")


def listed(content: DataFileContent, partition: str, sequence: int, snapshot: int = 1, spec_id: int = 0) -> Any:
    file = SimpleNamespace(content=content, partition=partition, spec_id=spec_id)
    return SimpleNamespace(data_file=file, sequence_number=sequence, snapshot_id=snapshot)


@pytest.mark.parametrize(
    ("delete", "reached"),
    [
        (listed(DataFileContent.POSITION_DELETES, "a", 2), ["a1", "a2"]),
        (listed(DataFileContent.EQUALITY_DELETES, "b", 3), ["b3"]),
        (listed(DataFileContent.EQUALITY_DELETES, "", 2, spec_id=1), ["a1", "a2"]),
        (listed(DataFileContent.POSITION_DELETES, "", 9, spec_id=1), []),
    ],
)
def test_s21_a_delete_file_reaches_older_files_of_its_partition_or_of_all_where_it_has_none(
    monkeypatch: pytest.MonkeyPatch, delete: Any, reached: list[str]
) -> None:
    held = {f"{p}{n}": listed(DataFileContent.DATA, p, n) for p, n in (("a", 1), ("a", 2), ("a", 3), ("b", 3))}
    own = listed(DataFileContent.DATA, delete.data_file.partition, 1, snapshot=7)
    monkeypatch.setattr(manifests, "live_entries", lambda table, snapshot: [*held.values(), own])
    specs = {number: SimpleNamespace(is_unpartitioned=lambda n=number: n == 1) for number in (0, 1)}
    table: Any = SimpleNamespace(specs=lambda: specs)
    snapshot: Any = SimpleNamespace(snapshot_id=7)

    found = list(manifests._deleted_from(table, snapshot, [delete]))

    assert [name for name, entry in held.items() if entry in found] == reached
    assert own not in found


def test_s21_the_files_of_an_input_with_deletes_by_value_are_known(
    accounts: Accounts, monkeypatch: pytest.MonkeyPatch
) -> None:
    arrive(accounts, 3.1)
    arrive(accounts, 9.1)
    listing = ManifestGroupPlanner.plan_manifest_entries

    def with_a_delete(planner: ManifestGroupPlanner, manifests: Iterable[ManifestFile]) -> Iterator[list[Any]]:
        yield from listing(planner, manifests)
        yield [listed(DataFileContent.EQUALITY_DELETES, "", 9)]

    monkeypatch.setattr(ManifestGroupPlanner, "plan_manifest_entries", with_a_delete)

    assert len(files_of(accounts.table(SIGNUPS), accounts.head(SIGNUPS))) == 2


def test_s22_a_resync_reads_what_delete_files_have_left(accounts: Accounts) -> None:
    arrive(accounts, 3.1, 3.2)
    accounts.run(FACTS)
    erase_merging_on_read(accounts, "s3.1")

    session.run(accounts.context, FACTS, Resync(), say=accounts.said.append)

    assert ids(accounts) == ["s3.2"]


def test_s22_after_a_file_without_bounds_was_rewritten_the_resync_goes_on(accounts: Accounts) -> None:
    arrive(accounts, 0.1)
    accounts.run(FACTS)
    alter(accounts, "SET TBLPROPERTIES ('write.metadata.metrics.column.happened_at' = 'none')")
    copy = "'s1' AS event_id, account_id, plan, happened_at, arrived_at"
    accounts.spark.sql(f"INSERT INTO {CATALOG}.{SIGNUPS} SELECT {copy} FROM {CATALOG}.{SIGNUPS}")
    accounts.complete(SIGNUPS, None)
    with pytest.raises(InputChanged, match=f"no bounds for happened_at.*tidemark run {FACTS} --resync"):
        accounts.run(FACTS)

    alter(accounts, "SET TBLPROPERTIES ('write.metadata.metrics.column.happened_at' = 'full')")
    call(accounts, f"rewrite_data_files(table => '{SIGNUPS}', options => map('rewrite-all', 'true'))")
    session.run(accounts.context, FACTS, Resync(), say=accounts.said.append)

    assert ids(accounts) == ["s0.1", "s1"]
    arrive(accounts, 0.2)
    assert accounts.run(FACTS).plan.how is How.append


def test_s22_a_rebuild_over_a_file_without_bounds_names_its_reader(accounts: Accounts) -> None:
    arrive(accounts, 0.5)
    accounts.run(AROUND)
    alter(accounts, "SET TBLPROPERTIES ('write.metadata.metrics.column.happened_at' = 'none')")
    call(accounts, f"rewrite_data_files(table => '{SIGNUPS}', options => map('rewrite-all', 'true'))")
    with_spec(accounts, AROUND, params={"mended": 1})

    with pytest.raises(InputChanged, match=f"no bounds for happened_at.*tidemark run {AROUND} --resync"):
        accounts.run(AROUND)


def test_s22_behind_an_expired_position_the_tail_is_not_read(accounts: Accounts) -> None:
    arrive(accounts, 0.1)
    accounts.run(FACTS)
    head = accounts.head(FACTS)
    for at in (0.2, 0.3, 0.4):
        arrive(accounts, at)
    call(accounts, f"expire_snapshots(table => '{SIGNUPS}', older_than => TIMESTAMP '2100-01-01', retain_last => 2)")

    with pytest.raises(PositionLost, match=rf"has expired; .*nothing was read.*tidemark run {FACTS} --resync"):
        accounts.run(FACTS)
    assert accounts.head(FACTS) == head

    session.run(accounts.context, FACTS, Resync(), say=accounts.said.append)
    assert ids(accounts) == ["s0.1", "s0.2", "s0.3", "s0.4"]


@pytest.mark.parametrize("dataset", [FACTS, AROUND])
def test_s22_a_position_that_expired_is_followed_where_its_child_still_names_it(
    accounts: Accounts, dataset: str, tmp_path: Path
) -> None:
    with_spec(accounts, AROUND, catch_up_limit=None)
    arrive(accounts, 0.1)
    accounts.run(dataset)
    arrive(accounts, 1.1)
    expire(accounts, SIGNUPS)

    done = accounts.run(dataset)

    (read,) = done.plan.inputs.values()
    assert read.changes.startswith("1 snapshot (1 appended); 1 row")
    same_rows_as_rebuild(accounts, dataset, tmp_path / "clean")


def test_s20_a_reader_goes_on_over_an_input_that_was_only_compacted_and_expired(accounts: Accounts) -> None:
    arrive(accounts, 0.1)
    arrive(accounts, 0.2)
    accounts.run(FACTS)
    call(accounts, f"rewrite_data_files(table => '{SIGNUPS}', options => map('rewrite-all', 'true'))")
    expire(accounts, SIGNUPS)

    done = accounts.run(FACTS)

    assert done.plan.inputs["feed"].changes == "1 snapshot (1 content kept); no rows"
    assert ids(accounts) == ["s0.1", "s0.2"]


def test_s22_an_input_rolled_back_behind_its_reader_offers_the_resync(accounts: Accounts) -> None:
    arrive(accounts, 0.1)
    before = accounts.head(SIGNUPS)
    arrive(accounts, 0.2)
    accounts.run(FACTS)
    call(accounts, f"rollback_to_snapshot('{SIGNUPS}', {before})")
    arrive(accounts, 0.3)

    with pytest.raises(PositionLost, match=rf"rolled back; .*nothing was read.*tidemark run {FACTS} --resync"):
        accounts.run(FACTS)

    assert ids(accounts) == ["s0.1", "s0.2"]
    session.run(accounts.context, FACTS, Resync(), say=accounts.said.append)
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
    adopt(accounts.context, FACTS, "a test rolled it back", accounts.said.append)

    resynced = session.run(accounts.context, AROUND, Resync(), say=accounts.said.append)

    assert (resynced.plan.complete_through, resynced.plan.final_through) == (hour(3), hour(2))
    accounts.run(FACTS)
    assert accounts.run(AROUND).plan.complete_through == hour(13)


def test_s22_a_table_dropped_and_made_anew_is_not_taken_for_the_old_one(accounts: Accounts) -> None:
    arrive(accounts, 0.1)
    accounts.run(AROUND)
    accounts.spark.sql(f"DROP TABLE {CATALOG}.{SIGNUPS}")
    arrive(accounts, 0.2)

    with pytest.raises(PositionLost, match=rf"dropped and created again.*tidemark run {AROUND} --resync"):
        accounts.plan(AROUND)


@pytest.fixture
def commit_clock(monkeypatch: pytest.MonkeyPatch) -> SimpleNamespace:
    """The clock that stamps commits; if `stopped_at` (in seconds) is set, it stands still there."""
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
    assert after.plan.inputs["feed"].changes.startswith("1 snapshot (1 appended); 1 row")
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
