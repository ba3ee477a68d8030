"""A release every night, although a writer adds rows between every two steps."""

from __future__ import annotations

import pytest

from tests.accounts.names import PLANS, SIGNUPS
from tests.pins.nights import FACTS, Nights
from tests.pins.released import check_release

pytestmark = [pytest.mark.loop, pytest.mark.spark]


def test_s69_each_night_has_a_release_and_nothing_is_lost(nights: Nights) -> None:
    accounts = nights.accounts
    nights.begin()

    for number in range(3):
        released = nights.night(number)

        assert released.written, released.why
        check_release(accounts, released)
        for moved in (PLANS, FACTS):
            assert accounts.head(moved) != released.tables[moved], "the writer wrote while the night ran"

    nights.between = lambda: None
    accounts.run(FACTS)
    released = nights.night(3)
    assert {name: accounts.head(name) for name in (SIGNUPS, PLANS, FACTS)}.items() <= released.tables.items()
    check_release(accounts, released)


def test_s69_a_night_whose_every_step_dies_has_a_release(nights: Nights) -> None:
    nights.begin()
    nights.dying = True

    released = nights.night(0)

    assert released.written, released.why
    check_release(nights.accounts, released)


def test_s69_a_night_that_pins_nothing_has_none(nights: Nights) -> None:
    nights.begin()
    nights.pinning = False

    released = nights.night(0)

    assert not released.release
    assert "its readers were built from two snapshots" in released.why
