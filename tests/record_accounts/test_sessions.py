"""The account of a landing session: it is recorded once, stops nothing, and reads little of the history."""

from __future__ import annotations

import json
from collections.abc import Mapping
from typing import Any

import pytest
from pyspark.sql import DataFrame

from tests.accounts.names import SIGNUPS
from tests.accounts.world import Accounts, hour
from tests.loop.landing import drop
from tests.loop.respecified import with_spec
from tidemark import session
from tidemark.catalog import ops
from tidemark.landing.account import SPANS, event_times
from tidemark.operate.accounts import newest_accounts, read_account
from tidemark.state.account import Account
from tidemark.steps import publish

pytestmark = [pytest.mark.loop, pytest.mark.spark]

HERE = "tests.record_accounts.test_sessions"


def land(accounts: Accounts, *at: float, clock: float) -> str:
    for each in at:
        drop(accounts, f"{each}-{clock}.json", each)
    return accounts.run(SIGNUPS, clock=hour(clock)).plan.session


def broken(new: Mapping[str, DataFrame], known: Mapping[str, DataFrame], params: Mapping[str, Any]) -> DataFrame:
    raise ValueError("the hook is wrong")


def hostile(new: Mapping[str, DataFrame], known: Mapping[str, DataFrame], params: Mapping[str, Any]) -> DataFrame:
    rows = new["signups_feed"].selectExpr("'a.json' as file_path", "explode(sequence(1, 50)) as number")
    return rows.selectExpr("file_path", "concat(number, repeat('x', 500)) as what")


def test_rows_without_a_path_are_accounted_for_in_sum(accounts: Accounts) -> None:
    first = land(accounts, 0.5, 2.5, clock=3)
    assert read_account(accounts.context.lake, first) == [Account(None, taken=2, late=0, doubled=0)]
    second = land(accounts, 2.5, 1.5, 3.5, clock=5)
    late = Account(None, taken=2, late=1, late_most_s=1800, late_typical_s=1800, doubled=0)
    assert read_account(accounts.context.lake, second) == [late], "the file of 2.5 is the same content"
    found = newest_accounts(accounts.context.lake)
    assert (found[SIGNUPS].session, found[SIGNUPS].files, found[SIGNUPS].total) == (second, 0, late)


def test_a_repeated_step_records_the_account_once(accounts: Accounts, monkeypatch: pytest.MonkeyPatch) -> None:
    drop(accounts, "a.json", 0.5)
    planned = session.init(accounts.context, SIGNUPS, say=accounts.said.append).plan

    def dies(*_: Any) -> None:
        raise SystemExit("killed before it published")

    with monkeypatch.context() as patch:
        patch.setattr(publish, "publish", dies)
        patch.setattr(session, "publish", dies)
        with pytest.raises(SystemExit):
            session.write_audit_publish(accounts.context, SIGNUPS, planned.session, say=accounts.said.append)
    assert len(ops.rows(accounts.context.lake, "ops.record_accounts")) == 1
    session.write_audit_publish(accounts.context, SIGNUPS, planned.session, say=accounts.said.append)
    session.commit(accounts.context, SIGNUPS, planned.session, say=accounts.said.append)
    assert len(ops.rows(accounts.context.lake, "ops.record_accounts")) == 1


def test_a_fault_of_the_hook_is_told_and_the_records_are_published(accounts: Accounts) -> None:
    with_spec(accounts, SIGNUPS, accounted_by=f"{HERE}:broken")
    land(accounts, 0.5, clock=3)
    assert len(accounts.rows(SIGNUPS)) == 1
    assert "warning: no account of the records: the hook is wrong" in accounts.said
    assert ops.rows(accounts.context.lake, "ops.record_accounts") == []


def test_the_number_and_length_of_remarks_are_bounded(accounts: Accounts) -> None:
    with_spec(accounts, SIGNUPS, accounted_by=f"{HERE}:hostile")
    land(accounts, 0.5, clock=3)
    (row,) = (r for r in ops.rows(accounts.context.lake, "ops.record_accounts") if r["path"] == "a.json")
    counts = json.loads(row["counts"])
    assert max(map(len, counts)) == 100 and len(counts) == 21 and counts["others"] == 30


def test_an_account_outdates_no_row(accounts: Accounts) -> None:
    land(accounts, 0.5, clock=3)
    planned = accounts.plan(SIGNUPS)
    with_spec(accounts, SIGNUPS, accounted_by=f"{HERE}:hostile")
    assert (accounts.plan(SIGNUPS).logic, accounts.plan(SIGNUPS).fingerprint) == (planned.logic, planned.fingerprint)


def test_earlier_rows_are_read_by_the_hours_of_the_new_ones(accounts: Accounts) -> None:
    land(accounts, 0.5, 0.7, 9.5, clock=10)
    table = accounts.spark.table(f"lake.{SIGNUPS}")
    spec = accounts.context.specs[SIGNUPS]
    assert [(i.start, i.end) for i in event_times(spec, table)] == [(hour(0), hour(1)), (hour(9), hour(10))]
    many = accounts.spark.range(SPANS * 3).selectExpr("timestamp_seconds(id * 7200000) as happened_at")
    assert len(event_times(spec, many)) == 1, "a hostile number of hours makes no huge condition"
