"""The reach that the specs give is what sessions really get to, window by window."""

from __future__ import annotations

import pytest

from tests.accounts.world import Accounts, Event, hour
from tidemark.operate.reach import Reach, reach_of
from tidemark.session import dependency_order

pytestmark = [pytest.mark.spark, pytest.mark.loop]

FEEDS = ("accounts.signups_feed", "accounts.plans_feed", "accounts.cancels_feed")


@pytest.mark.parametrize("through", [20, 24, 50])
def test_every_table_gets_as_far_as_its_reach_says(accounts: Accounts, through: int) -> None:
    accounts.append(FEEDS[0], [Event("e1", "ann", at=1), Event("e2", "bob", at=30)])
    for feed in FEEDS:
        accounts.complete(feed, through - 1)
    specs = accounts.context.specs
    built = [name for name in dependency_order(dict(specs)) if specs[name].inputs and specs[name].event_time]
    assert built
    for dataset in built:
        mark = accounts.run(dataset, clock=hour(72)).watermark
        assert mark is not None
        found = Reach(mark.complete_through, mark.final_through)
        assert found == reach_of(dataset, specs, hour(through)), dataset
