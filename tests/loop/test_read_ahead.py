"""A backfill reads ahead of the watermark's position, and its input then keeps or takes back what was read."""

from __future__ import annotations

from dataclasses import replace
from pathlib import Path

import pytest

from tests.accounts.names import SIGNUPS
from tests.accounts.world import Accounts, Event, as_request, hour, same_rows_as_rebuild
from tests.loop.respecified import with_spec
from tidemark import session
from tidemark.errors import PositionLost
from tidemark.operate import manual
from tidemark.state.cause import Resync
from tidemark.state.effect import How

pytestmark = [pytest.mark.loop, pytest.mark.spark]

AROUND, FACTS = "accounts.signups_around", "accounts.signups"


@pytest.fixture
def chained(accounts: Accounts) -> Accounts:
    """A feed, its facts, and a stateful reader of the facts."""
    window = replace(accounts.context.specs[AROUND].inputs["signups"], dataset=FACTS)
    with_spec(accounts, AROUND, inputs={"signups": window}, catch_up_limit=None)
    arrive(accounts, 0.1, 10.1)
    accounts.run(AROUND)
    return accounts


def arrive(accounts: Accounts, *at: float) -> None:
    accounts.append(SIGNUPS, [Event(f"s{each}", "a", each) for each in at], complete=12)
    accounts.run(FACTS)


def take_back(accounts: Accounts, snapshot: int) -> None:
    """Roll the facts back, and adopt the rollback."""
    accounts.spark.sql(f"CALL lake.system.rollback_to_snapshot('{FACTS}', {snapshot})")
    manual.adopt(accounts.context, FACTS, "a row was wrong", accounts.said.append)


def read_ahead(accounts: Accounts) -> int | None:
    """Return what the reader's watermark says about it."""
    mark = accounts.watermark(AROUND)
    assert mark is not None
    return mark.inputs["signups"].read_ahead


def test_s22_what_a_backfill_read_and_its_input_took_back_stops_the_reader(chained: Accounts, tmp_path: Path) -> None:
    before = chained.head(FACTS)
    arrive(chained, 5.1)
    chained.run(AROUND, as_request(3, 9))
    assert read_ahead(chained) == chained.head(FACTS)
    take_back(chained, before)
    chained.delete(SIGNUPS, "event_id = 's5.1'")
    chained.run(FACTS)

    with pytest.raises(PositionLost, match=f"tidemark run {AROUND} --resync"):
        chained.run(AROUND)
    with pytest.raises(PositionLost):
        chained.run(AROUND, as_request(3, 9, "asked again"))
    session.run(chained.context, AROUND, Resync(), say=chained.said.append)

    assert [row for row in chained.rows(AROUND) if hour(4) <= row["hour"] < hour(9)] == []
    same_rows_as_rebuild(chained, AROUND, tmp_path / "clean")
    assert read_ahead(chained) is None
    assert chained.run(AROUND).plan.how is How.nothing


def test_what_a_backfill_read_is_forgotten_once_the_position_has_passed_it(chained: Accounts) -> None:
    arrive(chained, 5.1)
    chained.run(AROUND, as_request(3, 9))
    arrive(chained, 6.1)
    chained.run(AROUND, as_request(3, 9, "a second one"))
    assert read_ahead(chained) == chained.head(FACTS)

    chained.run(AROUND)

    assert read_ahead(chained) is None


def test_a_backfill_that_reads_at_the_position_reads_nothing_ahead(chained: Accounts) -> None:
    chained.run(AROUND, as_request(3, 9))

    assert read_ahead(chained) is None
