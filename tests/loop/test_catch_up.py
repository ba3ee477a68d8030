"""A catch-up in several pieces: the owed ranges, the rebuild by a changed logic, and what retention leaves."""

from __future__ import annotations

from dataclasses import replace
from datetime import timedelta
from pathlib import Path
from typing import Any

import pytest

from tests.accounts.names import CANCELS, PLANS, SIGNUPS
from tests.accounts.world import Accounts, Event, as_request, hour, hours, same_rows_as_rebuild
from tests.loop.respecified import with_spec
from tidemark import session
from tidemark.cli import sessions
from tidemark.errors import RequestRefused
from tidemark.spec import InputSpec
from tidemark.stages import Committed
from tidemark.state.cause import NEWS
from tidemark.state.effect import How
from tidemark.state.watermark import Border
from tidemark.steps.context import Context

pytestmark = [pytest.mark.loop, pytest.mark.spark]

STATES, AROUND, FACTS = "accounts.account_states", "accounts.signups_around", "accounts.signups"
TOTALS = "accounts.signup_totals"


def signups(*at: float) -> list[Event]:
    return [Event(f"s{x}", f"account-{x}", x) for x in at]


def until_nothing_is_owed(accounts: Accounts, dataset: str) -> list[Committed]:
    """Run as Airflow does: again as long as a range is owed."""
    done = [accounts.run(dataset)]
    while done[-1].watermark is not None and done[-1].watermark.owed:
        done.append(accounts.run(dataset))
        assert len(done) < 30, "what is owed does not shrink"
    return done


def states_complete(accounts: Accounts, through: float) -> None:
    for feed in (SIGNUPS, PLANS, CANCELS):
        accounts.complete(feed, through)


def test_s12_a_long_outage_is_caught_up_in_pieces_in_hour_order(accounts: Accounts, tmp_path: Path) -> None:
    with_spec(accounts, STATES, max_range=timedelta(hours=24))
    accounts.append(SIGNUPS, signups(0.5), complete=0)
    states_complete(accounts, 0)
    accounts.run(STATES)
    accounts.append(SIGNUPS, signups(*(h + 0.3 for h in range(1, 73, 6))), complete=72)
    states_complete(accounts, 72)

    done = until_nothing_is_owed(accounts, STATES)

    assert [d.plan.ranges for d in done] == [(hours(1, 24),), (hours(25, 48),), (hours(49, 72),)]
    assert [d.plan.complete_through for d in done] == [hour(25), hour(49), hour(73)]
    same_rows_as_rebuild(accounts, STATES, tmp_path / "clean")


def test_s13_what_lands_out_of_order_is_read_once_from_its_least_hour(accounts: Accounts, tmp_path: Path) -> None:
    accounts.append(SIGNUPS, signups(0.5), complete=0)
    accounts.run(AROUND)
    for at in (70.2, 3.1, 40.5):
        accounts.append(SIGNUPS, signups(at), complete=72)

    done = accounts.run(AROUND)

    assert done.plan.inputs["signups"].changes.startswith("3 snapshots")
    assert done.plan.ranges[0].start <= hour(3)
    assert accounts.run(AROUND).plan.how is How.nothing
    same_rows_as_rebuild(accounts, AROUND, tmp_path / "clean")


def test_a_first_run_in_pieces_equals_one_in_one(accounts: Accounts, tmp_path: Path) -> None:
    with_spec(accounts, AROUND, max_range=timedelta(hours=10))
    accounts.append(SIGNUPS, signups(0.5, 7.5, 31.5, 32.5, 60.1), complete=70)

    done = until_nothing_is_owed(accounts, AROUND)

    assert len(done) > 2
    same_rows_as_rebuild(accounts, AROUND, tmp_path / "clean")


def test_what_is_owed_survives_late_news_and_a_backfill(accounts: Accounts, tmp_path: Path) -> None:
    with_spec(accounts, STATES, max_range=timedelta(hours=3))
    accounts.append(SIGNUPS, signups(0.5), complete=11)
    states_complete(accounts, 11)
    until_nothing_is_owed(accounts, STATES)
    accounts.append(SIGNUPS, signups(0.2))
    accounts.run(STATES)
    accounts.append(SIGNUPS, signups(4.4), complete=13)
    states_complete(accounts, 13)

    assert accounts.watermark(STATES).owed == (hours(3, 11),)  # type: ignore[union-attr]
    accounts.run(STATES, as_request(9, 11))
    assert accounts.watermark(STATES).owed == (hours(3, 8),)  # type: ignore[union-attr]
    until_nothing_is_owed(accounts, STATES)
    same_rows_as_rebuild(accounts, STATES, tmp_path / "clean")


def test_s63_a_mended_logic_is_followed_by_a_rebuild_in_pieces(accounts: Accounts, tmp_path: Path) -> None:
    accounts.append(SIGNUPS, signups(0.5, 20.5, 40.5), complete=47)
    accounts.run(AROUND)
    with_spec(accounts, AROUND, params={"mended": True}, max_range=timedelta(hours=20))

    done = until_nothing_is_owed(accounts, AROUND)

    assert len(done) == 3
    assert all(d.plan.how is How.overwrite for d in done)
    assert any("everything that the inputs hold is rebuilt" in note for note in done[0].plan.notes)
    assert accounts.run(AROUND).plan.how is How.nothing
    same_rows_as_rebuild(accounts, AROUND, tmp_path / "clean")


@pytest.mark.parametrize("dataset", [AROUND, STATES])
def test_s63_a_mended_logic_over_an_input_that_lost_all_rows_ends_in_one_piece(
    accounts: Accounts, dataset: str
) -> None:
    accounts.append(SIGNUPS, signups(0.5, 20.5), complete=23)
    states_complete(accounts, 23)
    accounts.run(dataset)
    assert accounts.rows(dataset)
    accounts.delete(SIGNUPS, "true")
    accounts.run(dataset)
    with_spec(accounts, dataset, params={"mended": True}, max_range=timedelta(hours=5))

    done = accounts.run(dataset)

    assert done.plan.how is How.overwrite and not done.plan.owed
    assert accounts.rows(dataset) == []
    assert accounts.run(dataset).plan.how is How.nothing


def test_s63_a_mended_stateless_logic_rebuilds_its_rows(accounts: Accounts) -> None:
    accounts.append(SIGNUPS, signups(0.5, 1.5), complete=2)
    first = accounts.run(FACTS)
    with_spec(accounts, FACTS, params={"mended": True})

    again = accounts.run(FACTS)

    assert again.plan.how is How.overwrite
    assert again.plan.session != first.plan.session
    assert len(accounts.rows(FACTS)) == 2
    assert accounts.run(FACTS).plan.how is How.nothing


def test_s63_from_now_on_leaves_a_border_that_is_shown(accounts: Accounts) -> None:
    with_spec(accounts, AROUND, on_change="from_now_on")
    accounts.append(SIGNUPS, signups(0.5), complete=5)
    old = accounts.run(AROUND).watermark
    with_spec(accounts, AROUND, params={"mended": True}, on_change="from_now_on")
    accounts.append(SIGNUPS, signups(9.5), complete=9)

    done = accounts.run(AROUND)

    assert old is not None
    assert done.plan.ranges[0].start >= hour(6)
    assert accounts.watermark(AROUND).borders == (Border(old.logic, hour(6)),)  # type: ignore[union-attr]


def test_s63_mending_a_check_makes_no_row_old(accounts: Accounts) -> None:
    accounts.append(SIGNUPS, signups(0.5), complete=5)
    states_complete(accounts, 5)
    accounts.run(STATES)
    with_spec(accounts, STATES, expectations=(), max_range=timedelta(hours=2))

    assert accounts.run(STATES).plan.how is How.nothing


def test_s62_retention_is_no_change_and_an_erasure_is_one(accounts: Accounts) -> None:
    days = [24 * day + 0.5 for day in range(0, 92, 7)]
    accounts.append(SIGNUPS, signups(*days, 50 * 24 + 1.5, 50 * 24 + 2.5), complete=92 * 24)
    spec = accounts.context.specs[FACTS]
    with_spec(accounts, FACTS, inputs={"feed": replace(spec.inputs["feed"], keep=timedelta(days=90))})
    clock = hour(92 * 24 + 1)
    accounts.run(FACTS, clock=clock)
    first_day = [row for row in accounts.rows(FACTS) if row["happened_at"] < hour(24)]

    accounts.delete(SIGNUPS, f"happened_at < TIMESTAMP '{hour(24):%Y-%m-%d %H:%M:%S}Z'")
    dropped = accounts.run(FACTS, clock=clock)
    accounts.delete(SIGNUPS, f"event_id = 's{50 * 24 + 1.5}'")
    erased = accounts.run(FACTS, clock=clock)

    assert dropped.plan.how is How.touch
    assert "1 retention" in dropped.plan.inputs["feed"].changes
    assert erased.plan.ranges == (hours(50 * 24 + 1, 50 * 24 + 1),)
    rows = accounts.rows(FACTS)
    assert first_day and first_day == [row for row in rows if row["happened_at"] < hour(24)]
    assert f"s{50 * 24 + 1.5}" not in {row["event_id"] for row in rows}
    assert f"s{50 * 24 + 2.5}" in {row["event_id"] for row in rows}


def test_s62_no_rebuild_reaches_below_what_an_input_keeps(accounts: Accounts) -> None:
    accounts.append(SIGNUPS, signups(0.5, 30.5, 60.5), complete=71)
    window = replace(accounts.context.specs[AROUND].inputs["signups"], keep=timedelta(hours=24))
    with_spec(accounts, AROUND, inputs={"signups": window}, catch_up_limit=None)
    clock = hour(72)
    accounts.run(AROUND, clock=clock)
    old = [row for row in accounts.rows(AROUND) if row["hour"] < hour(24)]
    accounts.delete(SIGNUPS, f"happened_at < TIMESTAMP '{hour(24):%Y-%m-%d %H:%M:%S}Z'")
    accounts.run(AROUND, clock=clock)

    with_spec(accounts, AROUND, inputs={"signups": window}, catch_up_limit=None, params={"mended": True})
    rebuilt = accounts.run(AROUND, clock=clock)

    assert rebuilt.plan.ranges[0].start > hour(0)
    assert old and old == [row for row in accounts.rows(AROUND) if row["hour"] < hour(24)]
    with pytest.raises(RequestRefused, match="below what its inputs keep"):
        accounts.run(AROUND, as_request(0, 1), clock=clock)


def test_todays_part_of_a_day_partition_can_be_rebuilt(accounts: Accounts) -> None:
    (hourly,) = accounts.context.specs[FACTS].partition_by
    with_spec(accounts, FACTS, partition_by=(replace(hourly, transform="day"),))
    accounts.append(SIGNUPS, signups(0.5, 5.5), complete=3)
    accounts.run(FACTS)
    accounts.append(SIGNUPS, signups(1.5))

    done = accounts.run(FACTS, as_request(0, 2))

    assert done.plan.ranges == (hours(0, 23),)
    assert [row["event_id"] for row in accounts.rows(FACTS, ["event_id"])] == ["s0.5", "s5.5"]
    accounts.run(FACTS)
    assert [row["event_id"] for row in accounts.rows(FACTS, ["event_id"])] == ["s0.5", "s1.5", "s5.5"]
    with pytest.raises(RequestRefused, match="after what is built"):
        accounts.run(FACTS, as_request(4, 6, "later"))


def test_what_is_owed_makes_no_run_begin_while_a_new_input_is_waited_for(
    accounts: Accounts, monkeypatch: pytest.MonkeyPatch
) -> None:
    from tidemark.airflow import steps

    with_spec(accounts, AROUND, max_range=timedelta(hours=3), catch_up_limit=None)
    accounts.append(SIGNUPS, signups(0.5, 9.5), complete=15)
    accounts.run(AROUND)
    assert steps._next_run_continues(accounts.context, AROUND)
    inputs = {**accounts.context.specs[AROUND].inputs, "totals": InputSpec("totals", TOTALS)}
    with_spec(accounts, AROUND, inputs=inputs)
    begun: list[str] = []
    run = session.run

    def counted(context: Context, dataset: str, *options: Any, **named: Any) -> Committed:
        begun.append(dataset)
        assert len(begun) < 3, "the command does not end"
        return run(context, dataset, *options, **named)

    monkeypatch.setattr(sessions.session, "run", counted)  # type: ignore[attr-defined]
    sessions._run_one(accounts.context, AROUND, NEWS)

    assert begun == [AROUND]
    assert not steps._next_run_continues(accounts.context, AROUND)
