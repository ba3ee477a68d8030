"""A person's records are erased, and the erasure flows through the tables that counted them."""

from __future__ import annotations

from pathlib import Path

import pytest

from tests.accounts.names import SIGNUPS
from tests.accounts.world import Accounts, hour, same_rows_as_rebuild
from tests.loop.erasing import AROUND, FACTS, FORGOTTEN, REASON, TOTALS, events, forget, hand_in, land, proof
from tidemark.catalog import ops
from tidemark.catalog.properties import ERASURE, property_of

pytestmark = [pytest.mark.loop, pytest.mark.spark]


def test_s62_an_erasure_flows_and_the_check_says_when_all_have_followed(accounts: Accounts, tmp_path: Path) -> None:
    land(accounts)
    for derived in (FACTS, AROUND, TOTALS):
        accounts.run(derived, clock=hour(4))
    before = proof(accounts)
    assert {each.dataset for each in before.missing} == {SIGNUPS, FACTS, AROUND, TOTALS}

    found = forget(accounts)

    assert [(each.dataset, each.rows, each.files) for each in found.tables] == [(SIGNUPS, 2, 1)]
    assert events(accounts, SIGNUPS) == ["s3", "s4", "s5"]
    waiting = {each.dataset: each.next for each in proof(accounts).missing}
    assert waiting == {name: f"the next session of {name}" for name in (FACTS, AROUND, TOTALS)}

    hand_in(accounts, "later.json", [("s6", "bob", 2.5)])
    accounts.run(SIGNUPS, clock=hour(5))
    for derived in (FACTS, AROUND):
        accounts.run(derived, clock=hour(6))
    assert [each.dataset for each in proof(accounts).missing] == [TOTALS]
    accounts.run(TOTALS, clock=hour(6))

    assert proof(accounts).proven
    assert events(accounts, FACTS) == events(accounts, SIGNUPS) == ["s3", "s4", "s5", "s6"]
    for derived in (FACTS, AROUND):
        same_rows_as_rebuild(accounts, derived, tmp_path / derived)
    assert accounts.rows(TOTALS)[-1]["signups"] == 4


def test_s62_the_reason_is_on_record_and_the_person_is_not(accounts: Accounts) -> None:
    land(accounts)
    forget(accounts)

    (adopted,) = [row for row in ops.rows(accounts.context.lake, "ops.high_watermarks") if row["reason"]]
    assert (adopted["dataset"], adopted["reason"]) == (SIGNUPS, REASON)
    head = accounts.table(SIGNUPS).current_snapshot()
    assert head is not None and property_of(head, ERASURE) == REASON
    for name in ("ops.sessions", "ops.high_watermarks"):
        assert FORGOTTEN not in str(ops.rows(accounts.context.lake, name))
