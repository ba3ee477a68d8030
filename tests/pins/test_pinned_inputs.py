"""A session of a run that has pinned its inputs reads them up to the pin, or says why it does not."""

from __future__ import annotations

import pytest

from tests.accounts.names import SIGNUPS
from tests.accounts.world import Accounts, Event, as_request, hour
from tests.pins.nights import FACTS, HOURLY, Nights
from tidemark import session
from tidemark.catalog.properties import CATALOG
from tidemark.errors import InputChanged, RequestRefused
from tidemark.operate.pins import find_pins, pin_inputs
from tidemark.stages import Committed
from tidemark.state.cause import NEWS, Cause, Resync
from tidemark.state.effect import How
from tidemark.state.watermark import Position

pytestmark = [pytest.mark.loop, pytest.mark.spark]

AROUND = "accounts.signups_around"
BOTH = pytest.mark.parametrize("dataset", [FACTS, AROUND])


def arrive(nights: Nights, at: float, through: int) -> int:
    """Let a sign-up arrive and return the feed's new snapshot."""
    nights.land(SIGNUPS, [Event(f"s{at}", f"account-{at}", at)], through)
    return nights.accounts.head(SIGNUPS)


def pin(nights: Nights, dataset: str = AROUND) -> None:
    pin_inputs(nights.context("night"), [dataset])


def run(nights: Nights, dataset: str = AROUND, cause: Cause = NEWS) -> Committed:
    """Run a session of the run that has pinned its inputs."""
    return session.run(nights.context("night"), dataset, cause, nights.accounts.said.append)


def position(accounts: Accounts, dataset: str = AROUND) -> Position:
    """Return the position of a dataset on its only input."""
    mark = accounts.watermark(dataset)
    assert mark is not None
    (found,) = mark.inputs.values()
    return found


def notes(done: Committed) -> str:
    return "\n".join(done.plan.notes)


@BOTH
def test_a_session_reads_up_to_the_pin_and_the_next_one_the_rest(nights: Nights, dataset: str) -> None:
    accounts = nights.accounts
    arrive(nights, 0.5, through=0)
    accounts.run(dataset)
    pinned = arrive(nights, 1.5, through=1)
    pin(nights, dataset)
    arrive(nights, 0.7, through=5)

    done = run(nights, dataset)

    assert done.watermark is not None
    assert done.watermark.complete_through == hour(2), "how far the input was complete at the pin"
    assert position(accounts, dataset).snapshot == pinned
    assert f"read as pinned, at snapshot {pinned}" in notes(done)
    assert accounts.run(dataset).plan.complete_through == hour(6)
    assert position(accounts, dataset).snapshot == accounts.head(SIGNUPS)
    if dataset == FACTS:
        assert [row["event_id"] for row in accounts.rows(FACTS)] == ["s0.5", "s0.7", "s1.5"]


@BOTH
def test_a_first_session_reads_up_to_the_pin(nights: Nights, dataset: str) -> None:
    pinned = arrive(nights, 0.5, through=0)
    pin(nights, dataset)
    arrive(nights, 1.5, through=5)

    assert run(nights, dataset).plan.complete_through == hour(1)
    assert position(nights.accounts, dataset).snapshot == pinned


def test_an_input_that_had_nothing_at_the_pin_is_waited_for(nights: Nights) -> None:
    pin(nights)
    arrive(nights, 0.5, through=0)

    done = run(nights)

    assert done.plan.how is How.nothing
    assert "nothing published there yet" in notes(done)


def test_a_run_that_has_published_does_not_pin_again(nights: Nights) -> None:
    pinned = arrive(nights, 0.5, through=0)
    pin(nights)
    run(nights)
    arrive(nights, 1.5, through=1)

    again = pin_inputs(nights.context("night"), [AROUND])
    other = pin_inputs(nights.context("another night"), [AROUND])

    assert again[SIGNUPS].snapshot == pinned
    assert other[SIGNUPS].snapshot == nights.accounts.head(SIGNUPS)
    with pytest.raises(RequestRefused, match="only a named run"):
        pin_inputs(nights.accounts.context, [AROUND])


def test_a_run_that_has_published_nothing_pins_again_and_sees_a_corrected_input(nights: Nights) -> None:
    arrive(nights, 0.5, through=0)
    arrive(nights, 1.5, through=1)
    pin(nights, FACTS)
    session.init(nights.context("night"), FACTS, say=nights.accounts.said.append)
    nights.accounts.delete(SIGNUPS, "event_id = 's1.5'")

    pin(nights, FACTS)
    run(nights, FACTS)

    assert [row["event_id"] for row in nights.accounts.rows(FACTS)] == ["s0.5"]


def test_an_input_that_was_rolled_back_is_not_pinned(nights: Nights) -> None:
    accounts = nights.accounts
    arrive(nights, 0.5, through=0)
    accounts.run(FACTS)
    first = accounts.head(FACTS)
    arrive(nights, 5.5, through=5)
    accounts.run(FACTS)
    accounts.spark.sql(f"CALL {CATALOG}.system.set_current_snapshot('{FACTS}', {first})")

    with pytest.raises(InputChanged, match="Its readers wait until then"):
        pin(nights, HOURLY)

    assert find_pins(accounts.context.lake, "night") is None


def test_a_night_that_is_run_again_does_nothing(nights: Nights) -> None:
    arrive(nights, 0.5, through=0)
    pin(nights)
    run(nights)
    arrive(nights, 1.5, through=1)

    assert run(nights).plan.how is How.nothing


def test_what_a_person_asks_for_reads_the_inputs_as_they_are(nights: Nights) -> None:
    arrive(nights, 0.5, through=0)
    nights.accounts.run(AROUND)
    pin(nights)
    head = arrive(nights, 0.7, through=3)

    backfill = run(nights, cause=as_request(0, 0))
    assert backfill.plan.inputs["signups"].read_snapshot == head
    resync = run(nights, cause=Resync("a test asks for it"))
    assert resync.plan.inputs["signups"].to_snapshot == head


@BOTH
def test_a_position_beyond_the_pin_stays(nights: Nights, dataset: str) -> None:
    accounts = nights.accounts
    arrive(nights, 0.5, through=0)
    pin(nights, dataset)
    by_hand = arrive(nights, 1.5, through=1)
    accounts.run(dataset)
    arrive(nights, 2.5, through=2)

    done = run(nights, dataset)

    assert done.plan.how is How.nothing
    assert f"is read up to snapshot {by_hand}, which this table has read already" in notes(done)
    assert position(accounts, dataset).snapshot == by_hand
    assert accounts.run(dataset).plan.complete_through == hour(3)


def test_an_input_whose_completeness_is_not_on_record_is_read_as_it_is(nights: Nights) -> None:
    accounts = nights.accounts
    accounts.append(SIGNUPS, [Event("s0", "a", 0.5)], complete=0)
    pin(nights)
    for number in (1, 2):
        accounts.append(SIGNUPS, [Event(f"s{number}", "a", number + 0.5)], complete=number)
        done = run(nights) if number == 2 else accounts.run(AROUND)

    assert "how far it is complete is not on record" in notes(done)
    assert position(accounts).snapshot == accounts.head(SIGNUPS)


def test_completeness_does_not_go_back(nights: Nights) -> None:
    accounts = nights.accounts
    arrive(nights, 0.5, through=0)
    pin(nights)
    accounts.complete(SIGNUPS, 4)
    accounts.run(AROUND)

    assert run(nights).plan.how is How.nothing
    assert position(accounts).complete_through == hour(5)


def test_what_a_backfill_has_read_beyond_the_pin_is_not_undone(nights: Nights) -> None:
    accounts = nights.accounts
    arrive(nights, 0.5, through=4)
    accounts.run(AROUND)
    arrive(nights, 1.5, through=4)
    pin(nights)
    read = arrive(nights, 0.7, through=4)
    accounts.run(AROUND, as_request(0, 2))
    arrive(nights, 2.5, through=4)

    run(nights)

    assert position(accounts) == Position(str(accounts.table(SIGNUPS).metadata.table_uuid), read, hour(5))


def test_a_session_that_is_planned_again_reads_up_to_the_pin(nights: Nights) -> None:
    accounts = nights.accounts
    arrive(nights, 0.5, through=4)
    accounts.run(AROUND)
    pinned = arrive(nights, 1.5, through=4)
    pin(nights)
    planned = session.init(nights.context("night"), AROUND, say=accounts.said.append).plan
    arrive(nights, 0.7, through=4)
    accounts.run(AROUND, as_request(0, 0))
    arrive(nights, 2.5, through=4)
    other = accounts.head(AROUND)

    published = session.write_audit_publish(nights.context("night"), AROUND, planned.session, say=accounts.said.append)

    assert published.plan.session != planned.session
    assert published.plan.base_snapshot == other
    assert published.plan.inputs["signups"].to_snapshot not in (pinned, accounts.head(SIGNUPS)), "what was read ahead"
