"""Main's history, or the watermark itself, was taken away by somebody else, and what `adopt` makes of it."""

from __future__ import annotations

from pathlib import Path

import pytest

from tests.accounts.names import SIGNUPS
from tests.accounts.world import Accounts, same_rows_as_rebuild
from tests.loop.test_by_hand import arrive, fold, roll_back
from tidemark import hands, session
from tidemark.errors import RolledBack, WatermarkLost
from tidemark.lake.properties import WATERMARK
from tidemark.records import How

pytestmark = [pytest.mark.loop, pytest.mark.spark]

STATES, FACTS = "accounts.account_states", "accounts.signups"
MODES = pytest.mark.parametrize("dataset", [FACTS, STATES])


def expire(accounts: Accounts, dataset: str) -> None:
    """Leave nothing but main's head, as an engine's own housekeeping may."""
    all_but_the_head = "older_than => TIMESTAMP '2100-01-01', retain_last => 1"
    accounts.spark.sql(f"CALL lake.system.expire_snapshots(table => '{dataset}', {all_but_the_head})")


def take_watermark_away(accounts: Accounts, dataset: str) -> None:
    accounts.spark.sql(f"ALTER TABLE lake.{dataset} UNSET TBLPROPERTIES ('{WATERMARK}')")


def adopt(accounts: Accounts, dataset: str) -> None:
    hands.adopt(accounts.context, dataset, "a test did it", accounts.said.append)


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


def test_s60_a_table_without_its_watermark_is_rebuilt_by_a_resync(accounts: Accounts, tmp_path: Path) -> None:
    arrive(accounts, 0.5)
    accounts.run(FACTS)
    take_watermark_away(accounts, FACTS)

    session.run(accounts.context, FACTS, resync=True, say=accounts.said.append)

    same_rows_as_rebuild(accounts, FACTS, tmp_path / "clean")


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
