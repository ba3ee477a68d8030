"""Somebody else removed main's history or the watermark, and `adopt` sets it right."""

from __future__ import annotations

from pathlib import Path

import pytest

from tests.accounts.names import SIGNUPS
from tests.accounts.world import Accounts, Event, as_request, hour, same_rows_as_rebuild
from tests.loop.housekeeping import expire, fold
from tests.loop.test_by_hand import arrive, roll_back
from tests.loop.test_retention import keeping_a_day, older_than, resync, run
from tidemark import session
from tidemark.catalog.properties import WATERMARK
from tidemark.errors import RequestRefused, RolledBack, WatermarkLost
from tidemark.operate import manual
from tidemark.state.cause import Resync
from tidemark.state.effect import How

pytestmark = [pytest.mark.loop, pytest.mark.spark]

STATES, FACTS = "accounts.account_states", "accounts.signups"
MODES = pytest.mark.parametrize("dataset", [FACTS, STATES])


def take_watermark_away(accounts: Accounts, dataset: str) -> None:
    accounts.spark.sql(f"ALTER TABLE lake.{dataset} UNSET TBLPROPERTIES ('{WATERMARK}')")


def adopt(accounts: Accounts, dataset: str) -> None:
    manual.adopt(accounts.context, dataset, "a test did it", accounts.said.append)


@MODES
def test_s60_a_rollback_whose_snapshots_expired_is_no_expiry(accounts: Accounts, dataset: str, tmp_path: Path) -> None:
    arrive(accounts, 0.5)
    accounts.run(dataset)
    fold(accounts, dataset)
    before = accounts.head(dataset)
    arrive(accounts, 1.5)
    accounts.run(dataset)
    roll_back(accounts, dataset, before)
    expire(accounts, dataset)
    with pytest.raises(RolledBack, match=f"tidemark adopt {dataset}"):
        accounts.run(dataset)

    adopt(accounts, dataset)
    accounts.run(dataset)

    same_rows_as_rebuild(accounts, dataset, tmp_path / "clean")


def test_s60_a_rollback_to_where_a_touch_stood_is_no_expiry(accounts: Accounts, tmp_path: Path) -> None:
    arrive(accounts, 0.5)
    accounts.run(FACTS)
    fold(accounts, FACTS)
    before = accounts.head(FACTS)
    accounts.complete(SIGNUPS, 1)
    assert accounts.run(FACTS).plan.how is How.touch
    fold(accounts, FACTS)
    arrive(accounts, 2.5)
    accounts.run(FACTS)
    roll_back(accounts, FACTS, before)
    expire(accounts, FACTS)

    adopt(accounts, FACTS)
    accounts.run(FACTS)

    same_rows_as_rebuild(accounts, FACTS, tmp_path / "clean")


@MODES
def test_s60_a_watermark_that_was_taken_away_stops_the_session_and_is_adopted(
    accounts: Accounts, dataset: str, tmp_path: Path
) -> None:
    arrive(accounts, 0.5)
    accounts.run(dataset)
    arrive(accounts, 1.5)
    done = accounts.run(dataset)
    fold(accounts, dataset)
    take_watermark_away(accounts, dataset)
    with pytest.raises(WatermarkLost, match=f"tidemark adopt {dataset}"):
        accounts.run(dataset)

    adopt(accounts, dataset)

    mark = accounts.watermark(dataset)
    assert mark is not None
    assert done.watermark is not None
    assert mark.inputs == done.watermark.inputs
    assert accounts.run(dataset).plan.how is How.nothing
    arrive(accounts, 2.5)
    accounts.run(dataset)
    same_rows_as_rebuild(accounts, dataset, tmp_path / "clean")


def test_s60_a_table_without_its_watermark_is_resynced_once_it_is_adopted(accounts: Accounts, tmp_path: Path) -> None:
    arrive(accounts, 0.5)
    accounts.run(FACTS)
    take_watermark_away(accounts, FACTS)
    with pytest.raises(WatermarkLost, match=rf"tidemark adopt {FACTS} --reason WHY$"):
        session.run(accounts.context, FACTS, Resync(), say=accounts.said.append)

    adopt(accounts, FACTS)
    done = session.run(accounts.context, FACTS, Resync(), say=accounts.said.append)

    assert done.plan.how is How.overwrite
    same_rows_as_rebuild(accounts, FACTS, tmp_path / "clean")


@pytest.mark.parametrize("dataset", [FACTS, "accounts.signups_around"])
def test_s60_the_way_out_of_a_lost_watermark_keeps_what_retention_left(accounts: Accounts, dataset: str) -> None:
    keeping_a_day(accounts, dataset, 0.5, 30.5, 60.5)
    accounts.delete(SIGNUPS, older_than(hour(24)))
    run(accounts, dataset)
    before = accounts.rows(dataset)
    take_watermark_away(accounts, dataset)
    with pytest.raises(WatermarkLost):
        resync(accounts, dataset)

    adopt(accounts, dataset)
    resync(accounts, dataset)

    assert accounts.rows(dataset) == before


def test_s60_foreign_rows_on_a_table_without_its_watermark_name_a_way_that_is_open(accounts: Accounts) -> None:
    arrive(accounts, 0.5)
    accounts.run(FACTS)
    accounts.spark.sql(f"DELETE FROM lake.{FACTS}")
    take_watermark_away(accounts, FACTS)

    with pytest.raises(RequestRefused, match=rf"move the table aside.*tidemark run {FACTS}$"):
        adopt(accounts, FACTS)


def test_s60_a_request_rolled_back_after_a_lost_watermark_was_adopted_is_carried_out_again(accounts: Accounts) -> None:
    arrive(accounts, 0.5)
    accounts.run(STATES)
    before = accounts.head(STATES)
    accounts.append(SIGNUPS, [Event("late", "account-late", 0.7)])
    accounts.run(STATES, as_request(0, 0))
    take_watermark_away(accounts, STATES)
    adopt(accounts, STATES)
    assert accounts.plan(STATES, as_request(0, 0)).how is How.nothing
    roll_back(accounts, STATES, before)

    adopt(accounts, STATES)

    assert accounts.plan(STATES, as_request(0, 0)).how is How.overwrite


def test_s60_a_request_rolled_back_before_the_lost_watermark_was_adopted_is_carried_out_again(
    accounts: Accounts,
) -> None:
    arrive(accounts, 0.5)
    accounts.run(STATES)
    before = accounts.head(STATES)
    accounts.append(SIGNUPS, [Event("late", "account-late", 0.7)])
    accounts.run(STATES, as_request(0, 0))
    roll_back(accounts, STATES, before)
    take_watermark_away(accounts, STATES)

    adopt(accounts, STATES)

    assert accounts.plan(STATES, as_request(0, 0)).how is How.overwrite


def test_s60_a_rolled_back_table_without_its_watermark_takes_in_again_what_came_after(
    accounts: Accounts, tmp_path: Path
) -> None:
    arrive(accounts, 0.5)
    accounts.run(FACTS)
    before = accounts.head(FACTS)
    arrive(accounts, 1.5)
    accounts.run(FACTS)
    roll_back(accounts, FACTS, before)
    take_watermark_away(accounts, FACTS)

    adopt(accounts, FACTS)
    accounts.run(FACTS)

    same_rows_as_rebuild(accounts, FACTS, tmp_path / "clean")
