"""Sessions of the fifth mode on a real catalog and a real engine. No step knows of this mode."""

from __future__ import annotations

from collections.abc import Mapping

import pytest

from tests.accounts.world import Accounts, Event, hour
from tidemark.state.effect import How

pytestmark = pytest.mark.loop

FEED, LATEST = "accounts.plans_feed", "accounts.latest_plans"


def chosen(accounts: Accounts) -> Mapping[str, tuple[str, float]]:
    rows = accounts.rows(LATEST)
    return {row["account_id"]: (row["plan"], (row["happened_at"] - hour(0)).total_seconds() / 3600) for row in rows}


def test_the_newest_row_of_each_key_stays(accounts: Accounts) -> None:
    accounts.append(FEED, [Event("p1", "a", 1, "basic"), Event("p2", "b", 2, "basic")], complete=2)
    accounts.run(LATEST)
    accounts.append(FEED, [Event("p3", "a", 3, "gold"), Event("p4", "b", 0.5, "late")], complete=3)
    second = accounts.run(LATEST)

    assert second.plan.inputs["changes"].added_only
    assert chosen(accounts) == {"a": ("gold", 3), "b": ("basic", 2)}
    assert second.watermark is not None and second.watermark.complete_through == hour(4)
    assert accounts.run(LATEST).plan.how is How.nothing


def test_rows_that_went_away_are_followed(accounts: Accounts) -> None:
    accounts.append(FEED, [Event("p1", "a", 1, "basic"), Event("p3", "a", 3, "gold")], complete=3)
    accounts.run(LATEST)
    accounts.delete(FEED, "event_id = 'p3'")
    accounts.run(LATEST)

    assert chosen(accounts) == {"a": ("basic", 1)}
