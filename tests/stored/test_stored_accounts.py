"""The current version reads and continues a lake of the accounts domain that an earlier version wrote."""

from __future__ import annotations

import json
from collections.abc import Iterator
from dataclasses import replace
from datetime import timedelta
from pathlib import Path

import pytest

from tests.accounts.names import CANCELS, PLANS, SIGNUPS
from tests.accounts.world import DAY, Accounts, Event, hour, rebuilt_rows
from tests.stored.accounts_lake import (
    ACTIVE,
    AROUND,
    CHANGES,
    DAYS,
    FACTS,
    STATES,
    TOTALS,
    hand_in,
    open_accounts,
)
from tests.stored.conftest import Stored
from tests.stored.holdings import as_json, decision, rows
from tidemark import session
from tidemark.catalog import ops
from tidemark.catalog.properties import branch_prefix
from tidemark.spec.fingerprint import fingerprint
from tidemark.state.cause import Restatement
from tidemark.state.effect import AppendRows, How
from tidemark.state.plan import Plan
from tidemark.state.ranges import Interval
from tidemark.steps.plan_store import find_plan

pytestmark = pytest.mark.loop

FEEDS = (SIGNUPS, PLANS, CANCELS)


@pytest.fixture
def old(stored_accounts: Stored) -> Iterator[Accounts]:
    """The lake as the current version opens it, without Spark."""
    world = open_accounts(stored_accounts.home)
    yield world
    world.context.lake.catalog.engine.dispose()


@pytest.fixture
def world(stored_accounts: Stored, spark_remote: str) -> Iterator[Accounts]:
    """The lake as the current version opens it."""
    world = open_accounts(stored_accounts.home, spark_remote)
    yield world
    world.context.lake.catalog.engine.dispose()


def test_s72_every_table_holds_the_rows_that_it_held(old: Accounts, stored_accounts: Stored) -> None:
    found = {dataset: rows(old.context.lake, dataset) for dataset in stored_accounts.held["tables"]}

    assert found == {dataset: table["rows"] for dataset, table in stored_accounts.held["tables"].items()}


def test_s72_every_watermark_is_read(old: Accounts, stored_accounts: Stored) -> None:
    for dataset, table in stored_accounts.held["tables"].items():
        found = old.watermark(dataset)
        assert found is not None
        assert json.loads(found.to_json()) == table["watermark"], dataset


def test_s72_every_stored_plan_is_read(old: Accounts, stored_accounts: Stored) -> None:
    stored = ops.rows(old.context.lake, "ops.sessions")

    for row in stored:
        plan = Plan.from_json(row["plan"])
        assert (plan.session, plan.dataset, plan.base_snapshot) == (
            row["session"],
            row["dataset"],
            row["base_snapshot"],
        )
        assert Plan.from_json(plan.to_json()) == plan
    assert len(stored) == stored_accounts.held["sessions"]


def test_s72_no_spec_counts_as_changed(old: Accounts) -> None:
    """The specs of the accounts domain have not changed, so their fingerprints must stay the same."""
    for row in ops.rows(old.context.lake, "ops.sessions"):
        spec = old.context.specs[row["dataset"]]
        assert json.loads(row["plan"])["fingerprint"] == fingerprint(spec, old.settings.values), spec.dataset


def test_s72_the_next_session_is_what_it_would_have_been(old: Accounts, stored_accounts: Stored) -> None:
    for dataset, table in stored_accounts.held["tables"].items():
        plan = old.plan(dataset)
        assert decision(plan) == table["next"], dataset
        assert not [note for note in plan.notes if "logic changed" in note], dataset


@pytest.mark.spark
def test_s72_sessions_that_were_half_done_are_finished(world: Accounts, stored_accounts: Stored) -> None:
    for dataset, left in stored_accounts.half_done.items():
        before = snapshots(world, dataset)
        if left.step == "published":
            world.run(dataset)
            done = left.session
        else:
            done = finish(world, dataset, left.session)
        assert [row["dataset"] for row in closed(world, done)] == [dataset]
        assert branches(world, dataset, done) == []
        if left.snapshot is not None and done == left.session:
            assert snapshots(world, dataset) == before, "it was not written again"
            assert world.head(dataset) == left.snapshot


def finish(world: Accounts, dataset: str, left: str) -> str:
    """Finish a session and return its id, which changes if its plan has to be made again.

    That happens only to an append of version 0.1, whose plan does not state all that it reads.
    """
    published = session.write_audit_publish(world.context, dataset, left, say=world.said.append)
    session.commit(world.context, dataset, published.plan.session, say=world.said.append)
    stored = find_plan(world.context, left)
    assert stored is not None
    if stored.fingerprint:
        assert published.plan.session == left, "it was not planned again"
    else:
        assert isinstance(stored.effect, AppendRows), "only an append of 0.1 leaves open what it reads"
        assert "starts again from init" in "".join(world.said)
    return published.plan.session


def snapshots(world: Accounts, dataset: str) -> int:
    return len(world.table(dataset).snapshots())


def branches(world: Accounts, dataset: str, name: str) -> list[str]:
    return [branch for branch in world.table(dataset).refs() if branch.startswith(branch_prefix(name))]


def closed(world: Accounts, name: str) -> list[dict[str, object]]:
    return ops.rows(world.context.lake, "ops.high_watermarks", ops.of_session(name))


@pytest.mark.spark
def test_s72_the_lake_is_continued_and_equals_a_clean_rebuild(world: Accounts, tmp_path: Path) -> None:
    known = {feed: world.files(feed) for feed in FEEDS}
    news(world)

    catch_up(world)

    for feed in FEEDS:
        assert known[feed] < world.files(feed), "landed files stay, and new ones come"
    for dataset in (FACTS, STATES, ACTIVE, AROUND, CHANGES):
        assert as_json(world.rows(dataset)) == as_json(rebuilt_rows(world, dataset, tmp_path / dataset)), dataset
    check_days(world, tmp_path / DAYS)
    latest = max(world.rows(TOTALS), key=lambda row: row["number"])
    assert (latest["number"], latest["signups"]) == (len(world.rows(TOTALS)), len(world.rows(SIGNUPS)))
    assert not [line for line in world.said if "logic changed" in line]


def news(world: Accounts) -> None:
    """Land current and late events in each feed, and set the clock a day later."""
    hand_in(world, "signups", 17, [Event("s9", "a9", 17.5), Event("s10", "a10", 2.1, landed=17)])
    hand_in(world, "plans", 17, [Event("p4", "a3", 9.5, "Gold", landed=17), Event("p5", "a9", 17.6, "basic")])
    hand_in(world, "cancels", 17, [Event("c2", "a4", 16.5, landed=17), Event("c3", "a2", 3.5, landed=17)])
    world.context = replace(world.context, clock=hour(26))


def catch_up(world: Accounts) -> None:
    """Run sessions of all datasets, inputs first, until nothing is owed, and a backfill of each overdue range."""
    for dataset in session.dependency_order(dict(world.context.specs)):
        for _ in range(10):
            if world.run(dataset).plan.how is How.nothing:
                break
        mark = world.watermark(dataset)
        assert mark is not None
        assert mark.owed == (), dataset
        for number, overdue in enumerate(mark.overdue):
            world.run(dataset, Restatement(Interval(overdue.start, overdue.end), f"overdue-{number}", "it is late"))
        assert world.plan(dataset).how is How.nothing, dataset


def check_days(world: Accounts, home: Path) -> None:
    """Check that days whose sign-ups retention has dropped are unchanged, and the others equal a clean rebuild."""
    mark = world.watermark(DAYS)
    assert mark is not None
    retained_since = mark.inputs["signups"].held_from
    assert retained_since is not None
    rebuilt_from = (retained_since + timedelta(days=2)).date()
    clean = rebuilt_rows(world, DAYS, home)
    found = world.rows(DAYS)
    assert [r for r in found if r["day"] > rebuilt_from] == [r for r in clean if r["day"] > rebuilt_from] != []
    assert [r["day"] for r in found if r["day"] <= rebuilt_from] == [DAY.date() - timedelta(days=1), DAY.date()]
