"""A person's records are erased, and the erasure flows through the tables that counted them."""

from __future__ import annotations

from dataclasses import replace
from datetime import timedelta
from pathlib import Path

import pytest

from tests.accounts.names import SIGNUPS
from tests.accounts.world import Accounts, as_request, hour, same_rows_as_rebuild
from tests.loop.erasing import AROUND, FACTS, FORGOTTEN, REASON, TOTALS, events, forget, hand_in, land, proof
from tests.loop.respecified import with_spec
from tidemark.catalog import ops
from tidemark.catalog.properties import ERASURE, property_of
from tidemark.operate.releases import write_release

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


def keep_sign_ups(accounts: Accounts, dataset: str, name: str) -> None:
    spec = accounts.context.specs[dataset]
    with_spec(accounts, dataset, inputs={name: replace(spec.inputs[name], keep=timedelta(days=90))})


def test_s62_an_erasure_that_empties_the_oldest_partition_is_no_retention(accounts: Accounts) -> None:
    hand_in(accounts, "alone.json", [("s1", FORGOTTEN, 0.1)])
    accounts.run(SIGNUPS, clock=hour(3))
    hand_in(accounts, "other.json", [("s5", "bob", 2.1)])
    accounts.run(SIGNUPS, clock=hour(4))
    keep_sign_ups(accounts, FACTS, "feed")
    late = hour(92 * 24)
    accounts.run(FACTS, clock=late)

    forget(accounts)
    accounts.run(FACTS, clock=late)

    assert events(accounts, FACTS) == ["s5"]
    assert [each.dataset for each in proof(accounts).missing] == []


def test_s62_rows_that_follow_from_what_retention_removed_prove_nothing(accounts: Accounts) -> None:
    land(accounts)
    keep_sign_ups(accounts, AROUND, "signups")
    accounts.run(AROUND, clock=hour(4))
    hand_in(accounts, "later.json", [("s6", FORGOTTEN, 92 * 24 - 2)])
    accounts.run(SIGNUPS, clock=hour(92 * 24))
    assert "s6" in events(accounts, SIGNUPS)
    accounts.run(AROUND, clock=hour(92 * 24))
    accounts.delete(SIGNUPS, f"happened_at < TIMESTAMP '{hour(24):%Y-%m-%d %H:%M:%S}Z'")
    accounts.run(AROUND, clock=hour(92 * 24))

    forget(accounts)
    accounts.run(AROUND, clock=hour(92 * 24))

    (left,) = proof(accounts).missing
    assert left.dataset == AROUND
    assert "that retention has removed" in left.why


def test_s62_times_beyond_the_catch_up_limit_wait_for_a_backfill_and_the_check_says_so(accounts: Accounts) -> None:
    land(accounts)
    accounts.run(AROUND, clock=hour(4))
    hand_in(accounts, "later.json", [("s6", "bob", 40)])
    accounts.run(SIGNUPS, clock=hour(48))
    accounts.run(AROUND, clock=hour(48))
    forget(accounts)
    accounts.run(AROUND, clock=hour(48))

    (left,) = proof(accounts).missing
    assert (left.dataset, "is overdue and waits for a backfill" in left.why) == (AROUND, True)
    assert left.next == f"tidemark run {AROUND} --from 2026-04-11T23:00Z --to 2026-04-12T06:00Z --reason WHY"

    accounts.run(AROUND, as_request(-1, 5), clock=hour(48))
    assert proof(accounts).proven


def test_a_released_snapshot_is_not_touched(accounts: Accounts) -> None:
    land(accounts)
    accounts.run(FACTS, clock=hour(4))
    released = write_release(accounts.context, FACTS)
    assert released.written
    rows = {name: accounts.table(name).scan(snapshot_id=at).to_arrow() for name, at in released.tables.items()}

    found = forget(accounts)
    accounts.run(FACTS, clock=hour(5))

    for name, at in released.tables.items():
        assert accounts.table(name).scan(snapshot_id=at).to_arrow() == rows[name]
        assert accounts.table(name).refs()[released.release].snapshot_id == at
    assert {held.dataset: held.releases for held in found.left.held} == {
        FACTS: (released.release,),
        SIGNUPS: (released.release,),
    }
    assert found.left.waiting == (FACTS,)
    assert proof(accounts).proven
    assert {each.next for each in proof(accounts, None).missing} == {"the next release"}


def test_a_client_that_comes_back_is_found_again(accounts: Accounts) -> None:
    land(accounts)
    accounts.run(FACTS, clock=hour(4))
    forget(accounts)
    accounts.run(FACTS, clock=hour(5))
    assert proof(accounts).proven

    hand_in(accounts, "back.json", [("s9", FORGOTTEN, 3.5)])
    accounts.run(SIGNUPS, clock=hour(6))

    assert [(each.dataset, each.next) for each in proof(accounts).missing] == [(SIGNUPS, "tidemark erase")]


def test_rows_without_a_value_stay(accounts: Accounts) -> None:
    """A row whose column is null is nobody's, and a rewritten file keeps it."""
    hand_in(accounts, "mixed.json", [("s1", FORGOTTEN, 0.1), ("s2", "bob", 0.2)], plan=None)
    accounts.run(SIGNUPS, clock=hour(3))
    hand_in(accounts, "gold.json", [("s3", "bob", 0.3)])
    accounts.run(SIGNUPS, clock=hour(4))

    forget(accounts, "plan=basic")

    assert events(accounts, SIGNUPS) == ["s1", "s2"]
    assert [row["plan"] for row in accounts.rows(SIGNUPS)] == [None, None]
