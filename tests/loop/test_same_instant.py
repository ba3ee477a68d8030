"""Events at the same instant: rows of ops are written once, refs of other sessions do not matter, counts come late."""

from __future__ import annotations

import threading
from concurrent.futures import ThreadPoolExecutor

import pytest
from pyspark.sql.connect.observation import Observation

from tests.accounts.world import Accounts, Event
from tidemark import session
from tidemark.catalog import open_lake, ops
from tidemark.steps.audit import audit
from tidemark.steps.publish import publish
from tidemark.steps.write import write

pytestmark = [pytest.mark.loop, pytest.mark.both_catalogs]

SIGNUPS, FACTS = "accounts.signups_feed", "accounts.signups"
AT_ONCE = 4


def test_s34_rows_that_several_add_once_stand_there_once(accounts: Accounts) -> None:
    start = threading.Barrier(AT_ONCE)
    row = {"session": "one", "dataset": FACTS, "how": "append", "plan": "{}", "planned_at": accounts.context.clock}

    def add(_: int) -> bool:
        lake = open_lake(accounts.settings)
        start.wait()
        return ops.append_once(lake, "ops.sessions", [row], ops.of_session("one"))

    with ThreadPoolExecutor(AT_ONCE) as pool:
        added = list(pool.map(add, range(AT_ONCE)))

    assert sorted(added) == [False] * (AT_ONCE - 1) + [True]
    assert len(ops.rows(accounts.context.lake, "ops.sessions", ops.of_session("one"))) == 1


def test_a_table_that_several_make_at_once_begins_with_one_empty_commit(accounts: Accounts) -> None:
    spec = accounts.context.spec(FACTS)
    if accounts.context.lake.find_table(FACTS) is not None:
        accounts.context.lake.catalog.drop_table(FACTS)
    start = threading.Barrier(AT_ONCE)

    def make(_: int) -> int:
        lake = open_lake(accounts.settings)
        start.wait()
        head = lake.ensure_table(spec).current_snapshot()
        assert head is not None
        return head.snapshot_id

    with ThreadPoolExecutor(AT_ONCE) as pool:
        heads = set(pool.map(make, range(AT_ONCE)))

    assert heads == {snapshot.snapshot_id for snapshot in accounts.table(FACTS).snapshots()}
    assert len(heads) == 1


def test_s34_branches_that_are_made_and_removed_at_once_do_not_refuse_each_other(accounts: Accounts) -> None:
    table = accounts.table(FACTS)
    start = threading.Barrier(AT_ONCE)

    def come_and_go(number: int) -> None:
        lake = open_lake(accounts.settings)
        start.wait()
        for turn in range(3):
            lake.create_branch(table, f"session_{number}_{turn}", accounts.head(FACTS))
            lake.remove_branch(FACTS, f"session_{number}_{turn}")

    with ThreadPoolExecutor(AT_ONCE) as pool:
        list(pool.map(come_and_go, range(AT_ONCE)))

    assert set(accounts.table(FACTS).refs()) == {"main"}


@pytest.mark.spark
def test_counts_that_the_engine_sent_too_late_are_made_again(
    accounts: Accounts, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Spark waits a tenth of a second for its observed counts, then answers without them; the rows are right."""
    accounts.append(SIGNUPS, [Event("s0", "a0", 0.5), Event("s1", "a1", 0.7)], complete=0)
    planned = session.init(accounts.context, FACTS, say=accounts.said.append)
    monkeypatch.setattr(Observation, "get", property(lambda _: {}))

    staged = write(accounts.context, planned, "first")

    assert (staged.rows_written, staged.rows_clipped) == (2, 0)
    publish(accounts.context, audit(accounts.context, staged))
    assert len(accounts.rows(FACTS)) == 2
