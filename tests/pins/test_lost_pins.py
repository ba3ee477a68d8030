"""A pinned snapshot that is gone: the input is read as it is, and the plan says so."""

from __future__ import annotations

from dataclasses import replace
from datetime import UTC, datetime, timedelta

import pytest

from tests.accounts.names import SIGNUPS
from tests.accounts.world import hour
from tests.loop.housekeeping import expire
from tests.pins.nights import Nights
from tests.pins.test_pinned_inputs import AROUND, arrive, notes, pin, position, run
from tidemark.errors import PositionLost
from tidemark.operate.maintenance import maintain
from tidemark.operate.maintenance.needs import KEEP_SNAPSHOTS_FOR
from tidemark.operate.pins import pin_inputs

pytestmark = [pytest.mark.loop, pytest.mark.spark]


def test_an_input_that_was_rolled_back_is_read_as_it_is(nights: Nights) -> None:
    accounts = nights.accounts
    first = arrive(nights, 0.5, through=0)
    accounts.run(AROUND)
    bad = arrive(nights, 1.5, through=1)
    pin(nights)
    accounts.spark.sql(f"CALL lake.system.rollback_to_snapshot('{SIGNUPS}', {first})")
    accounts.complete(SIGNUPS, 2)

    done = run(nights)

    assert f"as it is now and not as pinned: snapshot {bad} is no longer in main's history" in notes(done)
    assert done.plan.complete_through == hour(3)
    assert position(accounts).snapshot == first


def test_an_expired_pin_is_no_obstacle(nights: Nights) -> None:
    pinned = arrive(nights, 0.5, through=0)
    pin(nights)
    arrive(nights, 1.5, through=1)
    expire(nights.accounts, SIGNUPS)

    done = run(nights)

    assert f"not as pinned: snapshot {pinned} has expired" in notes(done)
    assert done.plan.complete_through == hour(2)


def test_a_dropped_input_is_read_as_it_is_or_stops_its_reader(nights: Nights) -> None:
    accounts = nights.accounts
    arrive(nights, 0.5, through=0)
    accounts.run(AROUND)
    pin_inputs(nights.context("night"), [AROUND, "accounts.signups_of_earlier_days"])
    accounts.context.lake.catalog.drop_table(SIGNUPS)
    arrive(nights, 1.5, through=30)

    with pytest.raises(PositionLost, match="dropped and created again"):
        run(nights)
    done = run(nights, "accounts.signups_of_earlier_days")
    assert "not as pinned: the table was dropped and created again since the run began" in notes(done)
    assert position(accounts, "accounts.signups_of_earlier_days").snapshot == accounts.head(SIGNUPS)


@pytest.mark.parametrize(("age", "kept"), [(-timedelta(hours=1), True), (timedelta(hours=1), False)])
def test_maintenance_keeps_what_a_run_has_pinned_for_a_week(nights: Nights, age: timedelta, kept: bool) -> None:
    accounts = nights.accounts
    pinned = arrive(nights, 0.5, through=0)
    later = datetime.now(UTC) + 2 * KEEP_SNAPSHOTS_FOR
    pin_inputs(replace(nights.context("night"), clock=later - KEEP_SNAPSHOTS_FOR - age), [AROUND])
    arrive(nights, 1.5, through=1)
    arrive(nights, 2.5, through=2)

    maintain(replace(accounts.context, clock=later), SIGNUPS)

    assert (accounts.table(SIGNUPS).snapshot_by_id(pinned) is not None) is kept
