"""Hands on landed tables, whose files do not come twice."""

from __future__ import annotations

from dataclasses import replace
from pathlib import Path

import pytest

from tests.accounts.names import SIGNUPS
from tests.accounts.world import Accounts, hour, same_rows_as_rebuild
from tests.loop.landing import drop
from tests.loop.respecified import with_spec
from tidemark import hands
from tidemark.errors import ColumnsDiffer, ForeignCommit, RequestRefused, RolledBack
from tidemark.lake.properties import CATALOG

pytestmark = [pytest.mark.loop, pytest.mark.spark]

FACTS = "accounts.signups"
TABLE = f"{CATALOG}.{SIGNUPS}"


def land(accounts: Accounts, *at: float, clock: float) -> None:
    for each in at:
        drop(accounts, f"{each}.json", each)
    accounts.run(SIGNUPS, clock=hour(clock))


def landed(accounts: Accounts) -> list[str]:
    return sorted(row["event_id"] for row in accounts.rows(SIGNUPS))


def adopt(accounts: Accounts, dataset: str) -> None:
    hands.adopt(accounts.context, dataset, "somebody asked to be forgotten", accounts.said.append)


def test_s60_a_rolled_back_source_is_not_declared_complete(accounts: Accounts) -> None:
    land(accounts, 0.1, clock=3)
    before = accounts.head(SIGNUPS)
    land(accounts, 1.1, clock=4)
    accounts.spark.sql(f"CALL lake.system.rollback_to_snapshot('{SIGNUPS}', {before})")

    with pytest.raises(RolledBack):
        hands.declare_complete(accounts.context, SIGNUPS, hour(10), "the feed is dead", accounts.said.append)


def test_a_source_begun_anew_and_declared_before_it_landed_still_lands_its_files(accounts: Accounts) -> None:
    land(accounts, 0.1, clock=3)
    accounts.spark.sql(f"DROP TABLE {TABLE}")
    hands.declare_complete(accounts.context, SIGNUPS, hour(3), "the feed is dead", accounts.said.append)

    accounts.run(SIGNUPS, clock=hour(5))

    assert landed(accounts) == ["s0.1"]


def test_files_brought_back_after_the_table_was_begun_anew_land(accounts: Accounts) -> None:
    land(accounts, 0.1, 1.1, clock=3)
    (accounts.settings.landing / "signups" / "0.1.json").unlink()
    accounts.spark.sql(f"DROP TABLE {TABLE}")
    accounts.run(SIGNUPS, clock=hour(5))
    assert landed(accounts) == ["s1.1"]

    land(accounts, 0.1, clock=6)

    assert landed(accounts) == ["s0.1", "s1.1"]


def test_rows_that_somebody_added_are_neither_declared_nor_adopted(accounts: Accounts) -> None:
    land(accounts, 0.1, clock=3)
    accounts.spark.sql(f"INSERT INTO {TABLE} SELECT 'x', account_id, plan, happened_at, arrived_at FROM {TABLE}")

    with pytest.raises(ForeignCommit):
        hands.declare_complete(accounts.context, SIGNUPS, hour(10), "the feed is dead", accounts.said.append)
    with pytest.raises(RequestRefused, match="adds rows that nobody checked"):
        adopt(accounts, SIGNUPS)
    with pytest.raises(ForeignCommit):
        accounts.run(SIGNUPS, clock=hour(12))


def test_s62_an_erasure_in_a_landed_table_is_adopted_and_flows(accounts: Accounts, tmp_path: Path) -> None:
    land(accounts, 0.1, 1.1, clock=3)
    accounts.run(FACTS, clock=hour(3))
    accounts.spark.sql(f"DELETE FROM {TABLE} WHERE event_id = 's0.1'")
    with pytest.raises(ForeignCommit, match=f"tidemark adopt {SIGNUPS}"):
        accounts.run(SIGNUPS, clock=hour(4))

    adopt(accounts, SIGNUPS)
    land(accounts, 2.1, clock=5)
    accounts.run(FACTS, clock=hour(5))

    assert landed(accounts) == ["s1.1", "s2.1"]
    assert [row["event_id"] for row in accounts.rows(FACTS)] == landed(accounts)
    same_rows_as_rebuild(accounts, FACTS, tmp_path / "clean")


@pytest.mark.parametrize("away", ["RENAME TO accounts.aside", "DROP"])
def test_s22_a_landed_table_that_is_begun_anew_lands_its_files_again(accounts: Accounts, away: str) -> None:
    land(accounts, 0.1, clock=3)
    accounts.spark.sql(f"DROP TABLE {TABLE}" if away == "DROP" else f"ALTER TABLE {TABLE} {away}")

    accounts.run(SIGNUPS, clock=hour(5))
    land(accounts, 1.1, clock=6)

    assert landed(accounts) == ["s0.1", "s1.1"]


def test_a_table_moved_aside_shares_no_folder_with_the_new_one(accounts: Accounts) -> None:
    land(accounts, 0.1, clock=3)
    by_hour = accounts.context.specs[SIGNUPS].partition_by[0]
    with_spec(accounts, SIGNUPS, partition_by=(replace(by_hour, transform="day"),))
    with pytest.raises(ColumnsDiffer, match=r"move the table aside \(RENAME\)"):
        accounts.run(SIGNUPS, clock=hour(4))
    accounts.spark.sql(f"ALTER TABLE {TABLE} RENAME TO accounts.aside")

    accounts.run(SIGNUPS, clock=hour(5))

    new, aside = accounts.folder(SIGNUPS), accounts.folder("accounts.aside")
    assert new != aside
    assert not new.is_relative_to(aside)
    assert not aside.is_relative_to(new)
