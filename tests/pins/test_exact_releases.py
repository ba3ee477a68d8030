"""A release names what its tables were built from, whatever they hold now."""

from __future__ import annotations

from dataclasses import replace

import pytest

from tests.accounts.names import PLANS, SIGNUPS
from tests.accounts.world import Accounts, Event, as_request
from tests.loop.respecified import with_spec
from tests.pins.nights import COMPARED, FACTS, HOURLY, Nights
from tidemark.operate.manual import adopt
from tidemark.operate.releases import write_release
from tidemark.state.effect import How

pytestmark = [pytest.mark.loop, pytest.mark.spark]


def arrive(nights: Nights, at: float, through: int = 3) -> None:
    """Let a sign-up arrive, and take it into the facts."""
    nights.land(SIGNUPS, [Event(f"s{at}", "a", at)], through)
    nights.accounts.run(FACTS)


@pytest.fixture
def built(nights: Nights) -> Nights:
    """Tables that were all built from the same sign-ups."""
    nights.land(PLANS, [Event("p0", "a", 0.1)], 3)
    arrive(nights, 0.5)
    for dataset in (HOURLY, COMPARED):
        nights.accounts.run(dataset)
    return nights


def test_tables_that_moved_on_are_released_as_they_were_read(built: Nights) -> None:
    accounts = built.accounts
    read = {name: accounts.head(name) for name in (FACTS, HOURLY, COMPARED)}
    arrive(built, 1.5)
    accounts.run(HOURLY)
    assert accounts.head(HOURLY) != read[HOURLY]

    released = write_release(accounts.context, COMPARED)

    assert released.written, released.why
    assert read.items() <= released.tables.items()
    for name, snapshot in released.tables.items():
        assert accounts.table(name).refs()[released.release].snapshot_id == snapshot


def test_positions_that_moved_without_new_rows_do_not_count(built: Nights) -> None:
    accounts = built.accounts
    facts = accounts.head(FACTS)
    arrive(built, 9.5)
    assert accounts.run(HOURLY).plan.how is How.touch

    released = write_release(accounts.context, COMPARED)

    assert released.written, released.why
    assert released.tables[FACTS] == facts
    assert released.tables[HOURLY] == accounts.head(HOURLY)


def test_readers_of_different_contents_have_no_release(built: Nights) -> None:
    accounts = built.accounts
    facts = accounts.head(FACTS)
    arrive(built, 1.5)
    accounts.run(HOURLY)
    arrive(built, 2.5)
    accounts.run(COMPARED)

    released = write_release(accounts.context, COMPARED)

    assert not released.written
    assert f"{FACTS}: its readers were built from two snapshots" in released.why
    assert facts not in released.tables.values()


def test_a_table_with_newer_rows_by_a_backfill_is_released_after_the_next_run(built: Nights) -> None:
    accounts = built.accounts
    arrive(built, 0.7)
    accounts.run(HOURLY, as_request(0, 0))
    accounts.run(COMPARED, as_request(0, 0))

    early = write_release(accounts.context, COMPARED)
    for dataset in (HOURLY, COMPARED):
        accounts.run(dataset)

    assert "a backfill has read newer rows of" in early.why
    assert write_release(accounts.context, COMPARED).written


def test_rows_that_were_rolled_back_are_not_released(built: Nights) -> None:
    accounts = built.accounts
    before = accounts.head(HOURLY)
    arrive(built, 1.5)
    for dataset in (HOURLY, COMPARED):
        accounts.run(dataset)
    roll_back(accounts, before)

    released = write_release(accounts.context, COMPARED)

    assert not released.written
    assert f"{HOURLY}: snapshot" in released.why
    assert "was rolled back after its reader had read it" in released.why


def test_an_optional_input_that_nobody_had_filled_is_released_empty(nights: Nights) -> None:
    accounts = nights.accounts
    inputs = accounts.context.specs[COMPARED].inputs
    with_spec(accounts, COMPARED, inputs={**inputs, "hourly": replace(inputs["hourly"], optional=True)})
    nights.land(PLANS, [Event("p0", "a", 0.1)], 3)
    arrive(nights, 0.5)
    empty = accounts.table(HOURLY).current_snapshot()
    accounts.run(COMPARED)
    assert write_release(accounts.context, COMPARED).written
    accounts.run(HOURLY)

    released = write_release(accounts.context, COMPARED)

    assert released.release, released.why
    assert empty is not None and released.tables[HOURLY] == empty.snapshot_id


def test_a_table_that_was_dropped_has_no_release(built: Nights) -> None:
    built.accounts.context.lake.catalog.drop_table(FACTS)

    released = write_release(built.accounts.context, COMPARED)

    assert not released.written
    assert f"{FACTS}: the table was dropped" in released.why


def roll_back(accounts: Accounts, snapshot: int) -> None:
    accounts.spark.sql(f"CALL lake.system.rollback_to_snapshot('{HOURLY}', {snapshot})")
    adopt(accounts.context, HOURLY, "a test rolled it back", accounts.said.append)
