"""A release names readable snapshots of tables that owe nothing."""

from __future__ import annotations

from datetime import timedelta

import pytest

from tests.accounts.names import SIGNUPS
from tests.accounts.world import Accounts, Event
from tests.loop.respecified import with_spec
from tests.loop.test_by_hand import expire_behind
from tidemark.operate.releases import write_release

pytestmark = [pytest.mark.loop, pytest.mark.spark]

FACTS, AROUND = "accounts.signups", "accounts.signups_around"


def arrive(accounts: Accounts, *at: float) -> None:
    accounts.append(SIGNUPS, [Event(f"s{each}", f"account-{each}", each) for each in at], complete=45)


def test_s63_a_table_that_owes_ranges_is_released_once_they_are_rebuilt(accounts: Accounts) -> None:
    arrive(accounts, 0.5, 40.5)
    accounts.run(AROUND)
    with_spec(accounts, AROUND, params={"mended": 1}, max_range=timedelta(hours=30))
    assert accounts.run(AROUND).plan.owed

    early = write_release(accounts.context, AROUND)

    assert not early.written
    assert f"{AROUND}: owes 2026-04-1" in early.why
    assert not accounts.run(AROUND).plan.owed
    assert write_release(accounts.context, AROUND).written


@pytest.mark.parametrize("expired", [FACTS, SIGNUPS])
def test_s22_a_release_names_what_took_the_place_of_an_expired_snapshot(accounts: Accounts, expired: str) -> None:
    arrive(accounts, 0.5)
    accounts.run(FACTS)
    rows = len(accounts.rows(FACTS))
    expire_behind(accounts, expired)

    released = write_release(accounts.context, FACTS)

    assert released.written, released.why
    assert released.tables[expired] == accounts.head(expired)
    for dataset, snapshot in released.tables.items():
        assert accounts.table(dataset).scan(snapshot_id=snapshot).count() == rows
        assert released.release in accounts.table(dataset).refs()


def test_s22_a_release_over_a_snapshot_that_nothing_leads_back_to_says_so(accounts: Accounts) -> None:
    arrive(accounts, 0.5)
    accounts.run(FACTS)
    expire_behind(accounts, SIGNUPS)
    expire_behind(accounts, SIGNUPS)

    released = write_release(accounts.context, FACTS)

    assert not released.written
    assert f"{SIGNUPS}: snapshot " in released.why
    assert "has expired" in released.why
