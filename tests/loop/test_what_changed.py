"""What changes in an input, and what that rebuilds: the scenarios on a real catalog."""

from __future__ import annotations

from pathlib import Path

import pytest

from tests.accounts.names import CANCELS, PLANS, SIGNUPS
from tests.accounts.world import Accounts, Event, as_request, hour, hours, same_rows_as_rebuild
from tidemark.state.effect import How
from tidemark.state.ranges import Interval

pytestmark = [pytest.mark.loop, pytest.mark.spark]

STATES, AROUND, EARLIER = "accounts.account_states", "accounts.signups_around", "accounts.signups_of_earlier_days"


def signups(*at: float, landed: float | None = None) -> list[Event]:
    return [Event(f"s{x}", f"account-{x}", x, landed=landed) for x in at]


def loaded_through_5(accounts: Accounts, dataset: str) -> None:
    """The usual setup: events in hours 0 to 5, everything complete and built through hour 5."""
    accounts.append(SIGNUPS, signups(0.1, 1.1, 2.1, 3.1, 4.1, 5.1), complete=5)
    accounts.complete(PLANS, 5)
    accounts.complete(CANCELS, 5)
    accounts.run(dataset)


@pytest.mark.both_catalogs
def test_s01_stateless_appends_exactly_the_new_files(accounts: Accounts, tmp_path: Path) -> None:
    loaded_through_5(accounts, "accounts.signups")
    before = accounts.files("accounts.signups")
    accounts.append(SIGNUPS, signups(2.5, landed=2), complete=5)
    accounts.append(SIGNUPS, signups(3.5, 6.5), complete=6)

    done = accounts.run("accounts.signups")

    assert done.plan.how is How.append
    assert before < accounts.files("accounts.signups")
    assert {row["event_id"] for row in accounts.rows("accounts.signups")} == {
        f"s{x}" for x in (0.1, 1.1, 2.1, 2.5, 3.1, 3.5, 4.1, 5.1, 6.5)
    }
    same_rows_as_rebuild(accounts, "accounts.signups", tmp_path / "clean")


@pytest.mark.both_catalogs
def test_s02_stateful_rebuilds_from_the_least_touched_hour(accounts: Accounts, tmp_path: Path) -> None:
    loaded_through_5(accounts, STATES)
    untouched = {f for f in accounts.files(STATES) if "hour_hour=2026-04-12-05" not in f}
    accounts.append(SIGNUPS, signups(5.7, 6.2, 7.2), complete=7)
    accounts.complete(PLANS, 7)
    accounts.complete(CANCELS, 7)

    done = accounts.run(STATES)

    assert done.plan.ranges == (hours(5, 7),)
    assert untouched <= accounts.files(STATES)
    same_rows_as_rebuild(accounts, STATES, tmp_path / "clean")


def published_walkthrough(accounts: Accounts) -> None:
    """The state of S3: changes in {2,3,6} and {5,6,7}, complete through 6, 6 and 7."""
    accounts.append(SIGNUPS, signups(0.1, 1.1), complete=1)
    accounts.complete(PLANS, 1)
    accounts.complete(CANCELS, 1)
    accounts.run(STATES)
    accounts.append(SIGNUPS, signups(2.1, 3.1, 6.1), complete=6)
    accounts.append(PLANS, [Event(f"p{x}", "account-0.1", x, f"plan-{x}") for x in (2.2, 3.2, 6.2)], complete=6)
    accounts.append(
        CANCELS, [Event(f"c{x}", f"account-{y}", x) for x, y in ((5.3, 1.1), (6.3, 2.1), (7.3, 3.1))], complete=7
    )


@pytest.mark.both_catalogs
def test_s03_range_runs_from_the_least_change_to_the_least_completeness(accounts: Accounts, tmp_path: Path) -> None:
    published_walkthrough(accounts)

    done = accounts.run(STATES)

    assert done.plan.ranges == (hours(2, 6),)
    assert {row["hour"] for row in accounts.rows(STATES)} == {hour(h) for h in range(7)}
    same_rows_as_rebuild(accounts, STATES, tmp_path / "clean")


@pytest.mark.both_catalogs
def test_s04_what_was_held_back_is_used_by_the_next_session(accounts: Accounts, tmp_path: Path) -> None:
    published_walkthrough(accounts)
    accounts.run(STATES)
    accounts.complete(SIGNUPS, 7)
    accounts.complete(PLANS, 7)

    done = accounts.run(STATES)

    assert done.plan.ranges == (hours(7, 7),)
    at_7 = {row["account_id"]: row["active"] for row in accounts.rows(STATES) if row["hour"] == hour(7)}
    assert at_7 == {
        "account-0.1": True,
        "account-1.1": False,
        "account-2.1": False,
        "account-3.1": False,
        "account-6.1": True,
    }
    same_rows_as_rebuild(accounts, STATES, tmp_path / "clean")


def test_s08_the_lower_limit_comes_from_column_bounds_not_from_the_landing_hour(accounts: Accounts) -> None:
    loaded_through_5(accounts, AROUND)
    accounts.append(SIGNUPS, signups(4.4, landed=9), complete=9)

    assert accounts.plan(AROUND).ranges[0].start == hour(3)


def test_s10_nothing_new_is_an_empty_session(accounts: Accounts) -> None:
    loaded_through_5(accounts, STATES)
    head, watermark = accounts.head(STATES), accounts.watermark(STATES)

    done = accounts.run(STATES)

    assert done.plan.how is How.nothing
    assert (accounts.head(STATES), accounts.watermark(STATES)) == (head, watermark)


def test_s10_completeness_advances_without_a_snapshot(accounts: Accounts) -> None:
    loaded_through_5(accounts, AROUND)
    head = accounts.head(AROUND)
    accounts.complete(SIGNUPS, 20)
    done = accounts.run(AROUND)
    watermark = accounts.watermark(AROUND)

    assert accounts.plan(AROUND).how is How.nothing
    assert watermark is not None and watermark.complete_through == hour(21)
    assert done.plan.how is How.overwrite and accounts.head(AROUND) != head
    accounts.complete(SIGNUPS, 30)
    head = accounts.head(AROUND)
    assert accounts.run(AROUND).plan.how is How.touch
    assert accounts.head(AROUND) == head


def test_s11_a_first_run_is_one_full_read_pinned_at_a_snapshot(accounts: Accounts, tmp_path: Path) -> None:
    accounts.append(SIGNUPS, signups(1.1), complete=1)
    accounts.append(SIGNUPS, signups(2.1), complete=2)
    accounts.complete(PLANS, 2)
    accounts.complete(CANCELS, 2)

    done = accounts.run(STATES)

    assert done.plan.inputs["signups"].from_snapshot is None
    assert done.plan.inputs["signups"].read_snapshot == accounts.head(SIGNUPS)
    same_rows_as_rebuild(accounts, STATES, tmp_path / "clean")


def test_s16_beyond_the_catch_up_limit_is_overdue_until_a_backfill(accounts: Accounts, tmp_path: Path) -> None:
    accounts.append(SIGNUPS, signups(0.1, 30.1), complete=30)
    accounts.run(AROUND)
    accounts.append(SIGNUPS, signups(10.1, landed=31), complete=31)

    done = accounts.run(AROUND)

    assert done.plan.overdue == (hours(9, 13),)
    assert any("1 changed row " in note for note in done.plan.notes)
    accounts.run(AROUND, as_request(9, 13))
    watermark = accounts.watermark(AROUND)
    assert watermark is not None and watermark.overdue == ()
    same_rows_as_rebuild(accounts, AROUND, tmp_path / "clean")


def test_s17_an_idle_complete_input_does_not_block_and_a_stalled_one_is_named(accounts: Accounts) -> None:
    loaded_through_5(accounts, STATES)
    accounts.append(SIGNUPS, signups(9.1), complete=11)
    accounts.complete(PLANS, 11)
    accounts.complete(CANCELS, 11)
    assert accounts.plan(STATES).complete_through == hour(12)
    accounts.run(STATES)

    accounts.append(SIGNUPS, signups(12.1), complete=13)
    accounts.complete(PLANS, 13)

    plan = accounts.plan(STATES)
    assert plan.complete_through == hour(12)
    assert any("set by cancels" in note for note in plan.notes)
    assert plan.held_back


def test_s20_a_compacted_input_makes_no_work(accounts: Accounts) -> None:
    loaded_through_5(accounts, STATES)
    head = accounts.head(STATES)
    accounts.append(SIGNUPS, [], complete=5)
    accounts.spark.sql(
        f"CALL lake.system.rewrite_data_files(table => '{SIGNUPS}', options => map('rewrite-all', 'true'))"
    )

    assert accounts.run(STATES).plan.how in (How.touch, How.nothing)
    assert accounts.head(STATES) == head


def test_s21_rows_deleted_from_an_input_are_replaced_never_ignored(accounts: Accounts, tmp_path: Path) -> None:
    loaded_through_5(accounts, STATES)
    accounts.run("accounts.signups")
    accounts.delete(SIGNUPS, "event_id = 's3.1'")

    assert accounts.run(STATES).plan.ranges == (hours(3, 5),)
    assert accounts.run("accounts.signups").plan.how is How.overwrite
    assert "s3.1" not in {row["event_id"] for row in accounts.rows("accounts.signups")}
    same_rows_as_rebuild(accounts, STATES, tmp_path / "clean")
    same_rows_as_rebuild(accounts, "accounts.signups", tmp_path / "clean2")


def test_s23_what_an_input_gains_during_a_session_belongs_to_the_next(accounts: Accounts, tmp_path: Path) -> None:
    from tidemark import session

    loaded_through_5(accounts, STATES)
    accounts.append(SIGNUPS, signups(5.5), complete=5)
    planned = session.init(accounts.context, STATES, say=accounts.said.append)
    accounts.append(SIGNUPS, signups(5.6), complete=5)
    published = session.write_audit_publish(accounts.context, STATES, planned.plan.session, say=accounts.said.append)
    session.commit(accounts.context, STATES, published.plan.session, say=accounts.said.append)

    assert "account-5.6" not in {row["account_id"] for row in accounts.rows(STATES)}
    accounts.run(STATES)
    assert "account-5.6" in {row["account_id"] for row in accounts.rows(STATES)}
    same_rows_as_rebuild(accounts, STATES, tmp_path / "clean")


def test_s53_a_late_row_rebuilds_exactly_its_window(accounts: Accounts, tmp_path: Path) -> None:
    accounts.append(SIGNUPS, signups(9.1, 20.1), complete=20)
    accounts.run(AROUND)
    accounts.append(SIGNUPS, signups(10.2), complete=20)

    done = accounts.run(AROUND)

    assert done.plan.ranges == (hours(9, 13),)
    assert done.plan.inputs["signups"].reads == (hours(6, 14),)
    same_rows_as_rebuild(accounts, AROUND, tmp_path / "clean")


def test_s54_a_change_on_a_day_never_touches_that_day(accounts: Accounts, tmp_path: Path) -> None:
    accounts.append(SIGNUPS, signups(1.0, 100.0), complete=24 * 8 - 1)
    accounts.run(EARLIER)
    accounts.append(SIGNUPS, signups(24 * 4 + 12.0), complete=24 * 8 - 1)

    done = accounts.run(EARLIER)

    assert done.plan.ranges == (Interval(hour(24 * 5), hour(24 * 7)),)
    same_rows_as_rebuild(accounts, EARLIER, tmp_path / "clean")


def test_s59_an_hour_without_rows_any_more_is_emptied(accounts: Accounts, tmp_path: Path) -> None:
    loaded_through_5(accounts, AROUND)
    accounts.delete(SIGNUPS, "happened_at < timestamp'2026-04-12 02:00:00Z'")

    done = accounts.run(AROUND)

    assert done.plan.how is How.overwrite
    same_rows_as_rebuild(accounts, AROUND, tmp_path / "clean")


def test_s59_an_input_that_lost_all_its_rows_empties_the_target(accounts: Accounts) -> None:
    loaded_through_5(accounts, AROUND)
    accounts.delete(SIGNUPS, "true")

    accounts.run(AROUND)

    assert accounts.rows(AROUND) == []


def test_a_versioned_dataset_reads_its_own_earlier_versions(accounts: Accounts) -> None:
    accounts.append(SIGNUPS, signups(1.1), complete=1)
    accounts.run("accounts.signup_totals")
    assert accounts.run("accounts.signup_totals").plan.how is How.nothing
    accounts.append(SIGNUPS, signups(2.1), complete=2)
    accounts.run("accounts.signup_totals")

    assert [(row["number"], row["signups"]) for row in accounts.rows("accounts.signup_totals", ["number"])] == [
        (1, 1),
        (2, 2),
    ]
