"""Several sessions on one table at once."""

from __future__ import annotations

import contextlib
import threading
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from dataclasses import replace
from pathlib import Path

import pytest
from pyiceberg.table import Table

from tests.accounts.names import CANCELS, PLANS, SIGNUPS
from tests.accounts.world import Accounts, Event, as_request, hour, same_rows_as_rebuild
from tests.loop.beside import STATES, as_a_clean_run, quietly, with_news
from tidemark import session
from tidemark.catalog import Lake, ops
from tidemark.catalog.properties import SESSION
from tidemark.errors import MainMoved
from tidemark.stages import Committed
from tidemark.state.cause import NEWS, Cause

pytestmark = [pytest.mark.loop, pytest.mark.spark, pytest.mark.both_catalogs]

CHANGES, FACTS = "accounts.plan_changes", "accounts.signups"


def fill(accounts: Accounts, hours: int) -> None:
    """Add one sign-up and one change of plan per hour; all feeds are complete."""
    accounts.append(SIGNUPS, [Event(f"s{n}", f"a{n}", n + 0.5) for n in range(hours)], complete=hours - 1)
    accounts.append(PLANS, [Event(f"p{n}", f"a{n}", n + 0.6, "gold") for n in range(hours)], complete=hours - 1)
    accounts.complete(CANCELS, hours - 1)


def together(accounts: Accounts, dataset: str, requests: list[Cause]) -> list[Committed]:
    """Run one session for each request; all start at the same instant."""
    start = threading.Barrier(len(requests))

    def run(request: Cause) -> Committed:
        start.wait()
        return session.run(accounts.context, dataset, request, say=quietly)

    with ThreadPoolExecutor(len(requests)) as pool:
        return list(pool.map(run, requests))


def history(accounts: Accounts, dataset: str) -> Iterator[str]:
    """Return the sessions whose snapshots are on main, newest first."""
    table = accounts.table(dataset)
    found = table.current_snapshot()
    while found is not None:
        made_by = found.summary.additional_properties.get(SESSION) if found.summary else None
        if made_by:
            yield made_by
        found = table.snapshot_by_id(found.parent_snapshot_id) if found.parent_snapshot_id else None


def closed_once(accounts: Accounts, session_id: str) -> bool:
    """Return whether `ops` records a session as planned once and closed once."""
    names = ("ops.sessions", "ops.high_watermarks")
    return all(len(ops.rows(accounts.context.lake, name, ops.of_session(session_id))) == 1 for name in names)


@pytest.mark.parametrize("dataset", [STATES, FACTS])
def test_s34_two_first_sessions_at_once_publish_once(accounts: Accounts, tmp_path: Path, dataset: str) -> None:
    fill(accounts, 3)

    together(accounts, dataset, [NEWS, NEWS])

    (published,) = set(history(accounts, dataset))
    assert list(history(accounts, dataset)) == [published]
    assert closed_once(accounts, published)
    accounts.run(dataset)
    same_rows_as_rebuild(accounts, dataset, tmp_path / "clean")


def test_s34_a_schedule_and_a_backfill_of_one_table_both_land(accounts: Accounts, tmp_path: Path) -> None:
    fill(accounts, 3)
    accounts.run(STATES)
    accounts.append(SIGNUPS, [Event("late", "late", 0.2), Event("s3", "a3", 3.5)], complete=3)
    accounts.complete(PLANS, 3)
    accounts.complete(CANCELS, 3)

    together(accounts, STATES, [NEWS, as_request(1, 2, "beside the schedule")])

    watermark = accounts.watermark(STATES)
    assert watermark is not None and watermark.complete_through == hour(4)
    answered = ops.rows(accounts.context.lake, "ops.high_watermarks", ops.of_request("beside the schedule"))
    assert [row["dataset"] for row in answered] == [STATES]
    accounts.run(STATES)
    same_rows_as_rebuild(accounts, STATES, tmp_path / "clean")


@pytest.mark.long
def test_s34_ten_disjoint_backfills_at_once_all_land(accounts: Accounts, tmp_path: Path) -> None:
    fill(accounts, 10)
    while accounts.run(CHANGES).plan.owed:
        pass
    before = accounts.watermark(CHANGES)
    assert before is not None
    accounts.append(PLANS, [Event(f"late{n}", f"a{n}", n + 0.7, "basic") for n in range(10)])
    pending: list[Cause] = [as_request(n, n, f"hour {n}") for n in range(10)]

    landed = _until_all_land(accounts, pending)

    rows = ops.rows(accounts.context.lake, "ops.high_watermarks", ops.of_dataset(CHANGES))
    assert {row["request_id"] for row in rows} >= {f"hour {n}" for n in range(10)}
    assert set(landed) <= set(history(accounts, CHANGES))
    assert all(closed_once(accounts, each) for each in landed)
    after = accounts.watermark(CHANGES)
    assert after is not None
    assert after.complete_through == before.complete_through
    assert after.inputs == {"feed": replace(before.inputs["feed"], read_ahead=accounts.head(PLANS))}
    same_rows_as_rebuild(accounts, CHANGES, tmp_path / "clean")


def _until_all_land(accounts: Accounts, requests: list[Cause]) -> list[str]:
    """Run three sessions at a time; if one loses to the others too often, it is run again, as a scheduler would do."""

    def land(request: Cause) -> str:
        while True:
            with contextlib.suppress(MainMoved):
                return session.run(accounts.context, CHANGES, request, say=quietly).plan.session

    with ThreadPoolExecutor(3) as pool:
        return list(pool.map(land, requests))


def test_s34_a_run_whose_twin_closed_the_session_meanwhile_takes_it_as_done(
    accounts: Accounts, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """A second run of the session removes all its branches while this run is about to write to its own."""
    with_news(accounts)
    planned = session.init(accounts.context, STATES, say=quietly)
    create = Lake.create_branch

    def create_and_be_overtaken(lake: Lake, table: Table, name: str, snapshot_id: int) -> None:
        create(lake, table, name, snapshot_id)
        if name.endswith("slow"):
            session.run(accounts.context, STATES, say=quietly)

    monkeypatch.setattr(Lake, "create_branch", create_and_be_overtaken)
    published = session.write_audit_publish(accounts.context, STATES, planned.plan.session, "slow", say=quietly)

    assert published.plan.session == planned.plan.session
    assert list(history(accounts, STATES)).count(planned.plan.session) == 1
    assert closed_once(accounts, planned.plan.session)
    as_a_clean_run(accounts, tmp_path)
