"""What an input keeps no longer stays downstream, and what changes below that is never passed over in silence."""

from __future__ import annotations

from dataclasses import replace
from datetime import datetime, timedelta

import pytest

from tests.accounts.names import SIGNUPS
from tests.accounts.world import Accounts, Event, hour, hours
from tests.loop.respecified import with_spec
from tidemark import session
from tidemark.ranges import Interval
from tidemark.records import How
from tidemark.stages import Committed

pytestmark = [pytest.mark.loop, pytest.mark.spark]

FACTS, AROUND = "accounts.signups", "accounts.signups_around"
NOW = hour(72)


def signups(*at: float) -> list[Event]:
    return [Event(f"s{x}", f"account-{x}", x) for x in at]


def late(name: str, at: float) -> Event:
    return Event(name, f"account-{name}", at, landed=71)


def keeping_a_day(accounts: Accounts, dataset: str, *at: float) -> None:
    """A dataset over sign-ups that its input keeps for a day, built from some of them."""
    ((name, window),) = accounts.context.specs[dataset].inputs.items()
    with_spec(accounts, dataset, inputs={name: replace(window, keep=timedelta(hours=24))})
    accounts.append(SIGNUPS, signups(*at), complete=71)
    run(accounts, dataset)


def run(accounts: Accounts, dataset: str) -> Committed:
    return accounts.run(dataset, clock=NOW)


def resync(accounts: Accounts, dataset: str) -> Committed:
    context = replace(accounts.context, clock=NOW)
    return session.run(context, dataset, resync=True, say=accounts.said.append)


def older_than(instant: datetime) -> str:
    return f"happened_at < TIMESTAMP '{instant:%Y-%m-%d %H:%M:%S}Z'"


def facts(accounts: Accounts) -> set[str]:
    return {row["event_id"] for row in accounts.rows(FACTS)}


def test_s62_a_late_row_beside_retention_leaves_what_is_downstream(accounts: Accounts) -> None:
    keeping_a_day(accounts, FACTS, 0.5, 30.5)
    accounts.delete(SIGNUPS, older_than(hour(24)))
    accounts.append(SIGNUPS, [late("late", 0.7)])

    done = run(accounts, FACTS)

    assert done.plan.how is How.append
    assert facts(accounts) == {"s0.5", "late", "s30.5"}


def test_s62_retention_and_an_erasure_in_one_commit_are_told_apart(accounts: Accounts) -> None:
    keeping_a_day(accounts, FACTS, 0.5, 60.5, 60.6)
    accounts.delete(SIGNUPS, f"{older_than(hour(24))} OR event_id = 's60.5'")

    run(accounts, FACTS)

    assert facts(accounts) == {"s0.5", "s60.6"}


def test_s62_an_erasure_that_empties_an_old_hour_flows(accounts: Accounts) -> None:
    keeping_a_day(accounts, FACTS, 0.5, 10.5, 60.5, 60.6)
    accounts.delete(SIGNUPS, "event_id IN ('s10.5', 's60.5')")

    run(accounts, FACTS)

    assert facts(accounts) == {"s0.5", "s60.6"}


@pytest.mark.parametrize(("dataset", "left"), [(FACTS, hours(0, 0)), (AROUND, hours(-1, 3))])
def test_s62_what_changes_below_what_an_input_keeps_is_said(accounts: Accounts, dataset: str, left: Interval) -> None:
    keeping_a_day(accounts, dataset, 0.5, 60.5, 60.6)
    accounts.delete(SIGNUPS, older_than(hour(24)))
    run(accounts, dataset)
    accounts.append(SIGNUPS, [late("late", 0.7)])
    accounts.delete(SIGNUPS, "event_id = 's60.5'")

    done = run(accounts, dataset)

    (note,) = [note for note in done.plan.notes if note.startswith("below what its inputs keep")]
    assert f"belong to {left}," in note


def test_s62_a_resync_replaces_what_upstream_put_back_and_leaves_the_rest(accounts: Accounts) -> None:
    keeping_a_day(accounts, FACTS, 0.5, 1.5, 30.5)
    accounts.delete(SIGNUPS, older_than(hour(24)))
    run(accounts, FACTS)
    accounts.append(SIGNUPS, signups(0.5))
    run(accounts, FACTS)

    resync(accounts, FACTS)

    assert sorted(row["event_id"] for row in accounts.rows(FACTS)) == ["s0.5", "s1.5", "s30.5"]


def test_s62_an_erasure_below_what_an_input_keeps_moves_the_watermark_only(accounts: Accounts) -> None:
    keeping_a_day(accounts, FACTS, 0.5, 30.5)
    accounts.delete(SIGNUPS, older_than(hour(24)))
    run(accounts, FACTS)
    accounts.append(SIGNUPS, [late("one", 0.7), late("two", 0.8)])
    run(accounts, FACTS)
    accounts.delete(SIGNUPS, "event_id = 'one'")

    done = run(accounts, FACTS)

    assert done.plan.how is How.touch
    assert any(note.startswith("below what its inputs keep") for note in done.plan.notes)
    assert run(accounts, FACTS).plan.how is How.nothing


def test_s62_what_is_overdue_ends_where_its_input_drops_it(accounts: Accounts) -> None:
    keeping_a_day(accounts, AROUND, 2.5, 60.5)
    accounts.append(SIGNUPS, signups(3.5))
    assert run(accounts, AROUND).plan.overdue == (hours(2, 6),)
    accounts.delete(SIGNUPS, older_than(hour(24)))

    done = run(accounts, AROUND)

    assert done.plan.overdue == ()
    assert any(note.startswith(f"no longer overdue: {hours(2, 6)}") for note in done.plan.notes)


def test_s62_a_resync_over_an_input_that_went_back_leaves_no_row_beyond_it(accounts: Accounts) -> None:
    keeping_a_day(accounts, AROUND, 0.5, 30.5)
    accounts.delete(SIGNUPS, older_than(hour(24)))
    run(accounts, AROUND)
    first = accounts.head(SIGNUPS)
    accounts.append(SIGNUPS, signups(66.5), complete=71)
    run(accounts, AROUND)
    accounts.spark.sql(f"CALL lake.system.rollback_to_snapshot('{SIGNUPS}', {first})")
    accounts.complete(SIGNUPS, 40)

    done = resync(accounts, AROUND)

    assert done.plan.complete_through == hour(41)
    built = {row["hour"] for row in accounts.rows(AROUND)}
    assert min(built) < hour(4) and hour(31) in built and max(built) < hour(41)
