"""Tables whose spec now partitions time more coarsely: they are continued, and their old files stay as they are."""

from __future__ import annotations

from dataclasses import replace
from datetime import timedelta
from pathlib import Path

import pytest

from tests.accounts.names import SIGNUPS
from tests.accounts.world import Accounts, Event, hour, hours, same_rows_as_rebuild
from tests.loop.housekeeping import fold
from tests.loop.landing import drop
from tests.loop.respecified import with_spec
from tidemark.errors import ColumnsDiffer
from tidemark.spec.model import Partition, PartitionTransform
from tidemark.spec.render.table_properties import to_write_layout
from tidemark.state.effect import How

pytestmark = [pytest.mark.loop, pytest.mark.spark]

FACTS, AROUND = "accounts.signups", "accounts.signups_around"
TABLE = f"lake.{SIGNUPS}"


def cut_by(accounts: Accounts, dataset: str, transform: PartitionTransform) -> None:
    """Change the spec as an edit of its file would."""
    (partition,) = accounts.context.specs[dataset].partition_by
    with_spec(accounts, dataset, partition_by=(replace(partition, transform=transform),))


def layouts(accounts: Accounts, dataset: str) -> dict[str, int]:
    """Return the partition spec by which each file of main was written."""
    return {task.file.file_path: task.file.spec_id for task in accounts.table(dataset).scan().plan_files()}


def signups(*at: float) -> list[Event]:
    return [Event(f"s{x}", f"account-{x}", x) for x in at]


def continued_by_day(accounts: Accounts, *at: float) -> None:
    """Sign-ups in a feed that was partitioned by hour of arrival and now is by day; its reader keeps a day."""
    window = replace(accounts.context.specs[FACTS].inputs["feed"], keep=timedelta(hours=24))
    with_spec(accounts, FACTS, inputs={"feed": window})
    accounts.append(SIGNUPS, signups(*at), complete=71)
    cut_by(accounts, SIGNUPS, "day")
    accounts.run(SIGNUPS, clock=hour(72))


def facts(accounts: Accounts) -> set[str]:
    return {row["event_id"] for row in accounts.rows(FACTS)}


def test_s66_a_landed_table_goes_from_hours_to_days_and_keeps_its_files(accounts: Accounts, tmp_path: Path) -> None:
    drop(accounts, "first.json", 0.1)
    accounts.run(SIGNUPS, clock=hour(3))
    accounts.run(FACTS)
    accounts.spark.sql(f"ALTER TABLE {TABLE} UNSET TBLPROPERTIES ('write.spark.fanout.enabled')")
    before = layouts(accounts, SIGNUPS)
    cut_by(accounts, SIGNUPS, "day")
    drop(accounts, "second.json", 1.1)

    accounts.run(SIGNUPS, clock=hour(5))

    after = layouts(accounts, SIGNUPS)
    assert before.items() < after.items()
    assert [spec for path, spec in after.items() if path not in before] == [1]
    assert to_write_layout(accounts.context.specs[SIGNUPS]).items() <= accounts.table(SIGNUPS).properties.items()
    plan = accounts.run(FACTS).plan
    assert (plan.how, plan.inputs["feed"].changes.split(";")[0]) == (How.append, "1 snapshot (1 appended)")
    same_rows_as_rebuild(accounts, FACTS, tmp_path / "clean")


def test_a_layout_is_evolved_once(accounts: Accounts) -> None:
    accounts.table(SIGNUPS)
    cut_by(accounts, SIGNUPS, "day")
    accounts.run(SIGNUPS)
    metadata = accounts.table(SIGNUPS).metadata_location

    accounts.run(SIGNUPS)

    assert accounts.table(SIGNUPS).metadata_location == metadata


def test_s62_retention_across_two_layouts_leaves_what_is_downstream(accounts: Accounts) -> None:
    continued_by_day(accounts, 0.5, 30.5)
    accounts.append(SIGNUPS, signups(31.5, 60.5))
    accounts.run(FACTS, clock=hour(72))
    assert set(layouts(accounts, SIGNUPS).values()) == {0, 1}

    accounts.delete(SIGNUPS, f"happened_at < TIMESTAMP '{hour(48):%Y-%m-%d %H:%M:%S}Z'")
    plan = accounts.run(FACTS, clock=hour(72)).plan

    assert plan.how is How.touch
    assert facts(accounts) == {"s0.5", "s30.5", "s31.5", "s60.5"}


def test_s62_an_erasure_in_an_old_partition_of_the_earlier_layout_flows(accounts: Accounts) -> None:
    continued_by_day(accounts, 0.5, 0.6, 60.5)
    accounts.run(FACTS, clock=hour(72))

    accounts.delete(SIGNUPS, "event_id = 's0.5'")  # what is left of the hour's file lies in a partition of the day
    accounts.run(FACTS, clock=hour(72))

    assert facts(accounts) == {"s0.6", "s60.5"}


def test_s20_files_of_two_layouts_that_are_folded_are_no_news(accounts: Accounts) -> None:
    continued_by_day(accounts, 0.5, 1.5, 30.5)
    accounts.append(SIGNUPS, signups(31.5))
    accounts.run(FACTS, clock=hour(72))

    fold(accounts, SIGNUPS)

    assert set(layouts(accounts, SIGNUPS).values()) == {1}
    assert accounts.run(FACTS, clock=hour(72)).plan.how is How.touch
    assert facts(accounts) == {"s0.5", "s1.5", "s30.5", "s31.5"}


def test_a_stateful_table_goes_from_hours_to_days(accounts: Accounts, tmp_path: Path) -> None:
    with_spec(accounts, AROUND, catch_up_limit=None)
    accounts.append(SIGNUPS, signups(0.5, 30.5, 60.5), complete=71)
    accounts.run(AROUND, clock=hour(72))
    before = accounts.files(AROUND)
    cut_by(accounts, AROUND, "day")
    accounts.append(SIGNUPS, [Event("late", "account", 32.5, landed=71)])

    plan = accounts.run(AROUND, clock=hour(72)).plan

    assert plan.ranges == (hours(24, 47),)
    rebuilt = {path for path in before if "hour_hour=2026-04-13" in path}
    assert accounts.files(AROUND) & before == before - rebuilt
    assert set(layouts(accounts, AROUND).values()) == {0, 1}
    same_rows_as_rebuild(accounts, AROUND, tmp_path / "clean")


@pytest.mark.parametrize(
    "partition_by",
    [
        (Partition("hour", "happened_at"),),
        (Partition("day", "arrived_at"), Partition("identity", "event_id")),
        (),
    ],
)
def test_a_layout_that_is_no_coarser_cut_of_the_same_times_stops_before_a_row_is_written(
    accounts: Accounts, partition_by: tuple[Partition, ...]
) -> None:
    head = accounts.head(SIGNUPS)
    with_spec(accounts, SIGNUPS, partition_by=partition_by)
    drop(accounts, "first.json", 0.1)

    with pytest.raises(
        ColumnsDiffer,
        match=r"partitioned by hour\(arrived_at\), the spec by .*no finer",
    ):
        accounts.run(SIGNUPS, clock=hour(3))

    assert accounts.head(SIGNUPS) == head


def test_a_finer_cut_is_refused(accounts: Accounts) -> None:
    cut_by(accounts, SIGNUPS, "day")
    accounts.table(SIGNUPS)
    cut_by(accounts, SIGNUPS, "hour")

    with pytest.raises(ColumnsDiffer, match=r"partitioned by day\(arrived_at\), the spec by hour\(arrived_at\)"):
        accounts.run(SIGNUPS, clock=hour(3))


@pytest.mark.parametrize("dataset", [SIGNUPS, FACTS, AROUND])
def test_rows_are_written_partition_after_partition(accounts: Accounts, dataset: str) -> None:
    """Check that rows are sorted by partition: otherwise all files would be open at once and need too much memory."""
    accounts.table(dataset)
    insert = f"EXPLAIN INSERT INTO lake.{dataset} SELECT * FROM lake.{dataset}"

    (plan,) = accounts.spark.sql(insert).collect()[0]

    (order,) = [line for line in plan.splitlines() if "Sort [" in line]
    assert "TimestampToHoursFunction" in order
