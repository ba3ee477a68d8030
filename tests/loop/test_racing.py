"""Several sessions on one table, and maintenance between and during the steps of a session."""

from __future__ import annotations

import contextlib
import os
import threading
from collections.abc import Callable, Iterator
from concurrent.futures import ThreadPoolExecutor
from dataclasses import replace
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

import pytest
from pyiceberg.table import Table
from pyspark.errors import PySparkException

from tests.accounts import transforms
from tests.accounts.world import Accounts, Event, as_request, hour, same_rows_as_rebuild
from tidemark import session
from tidemark.errors import MainMoved
from tidemark.lake import Lake, ops
from tidemark.lake.branches import BRANCH_LIFE
from tidemark.lake.properties import BRANCH_PREFIX, CATALOG, SESSION
from tidemark.maintenance import maintain
from tidemark.maintenance.needs import KEEP_SNAPSHOTS_FOR
from tidemark.records import Request
from tidemark.stages import Audited, Committed, Staged
from tidemark.steps.audit import audit
from tidemark.steps.commit import commit
from tidemark.steps.publish import publish
from tidemark.steps.write import write

pytestmark = [pytest.mark.loop, pytest.mark.spark]

SIGNUPS, PLANS, CANCELS = "accounts.signups_feed", "accounts.plans_feed", "accounts.cancels_feed"
STATES, CHANGES, FACTS = "accounts.account_states", "accounts.plan_changes", "accounts.signups"

Chore = Callable[[Accounts, str], None]


def quietly(text: str) -> None:
    """Sessions of several threads say nothing."""


def fill(accounts: Accounts, hours: int) -> None:
    """One sign-up and one change of plan an hour; all feeds are complete."""
    accounts.append(SIGNUPS, [Event(f"s{n}", f"a{n}", n + 0.5) for n in range(hours)], complete=hours - 1)
    accounts.append(PLANS, [Event(f"p{n}", f"a{n}", n + 0.6, "gold") for n in range(hours)], complete=hours - 1)
    accounts.complete(CANCELS, hours - 1)


def together(accounts: Accounts, dataset: str, requests: list[Request | None]) -> list[Committed]:
    """One session for each request, all let go in the same instant."""
    start = threading.Barrier(len(requests))

    def run(request: Request | None) -> Committed:
        start.wait()
        return session.run(accounts.context, dataset, request, say=quietly)

    with ThreadPoolExecutor(len(requests)) as pool:
        return list(pool.map(run, requests))


def history(accounts: Accounts, dataset: str) -> Iterator[str]:
    """The sessions whose snapshots are on main, newest first."""
    table = accounts.table(dataset)
    found = table.current_snapshot()
    while found is not None:
        made_by = found.summary.additional_properties.get(SESSION) if found.summary else None
        if made_by:
            yield made_by
        found = table.snapshot_by_id(found.parent_snapshot_id) if found.parent_snapshot_id else None


def closed_once(accounts: Accounts, session_id: str) -> bool:
    """Whether a session is planned once and closed once on record."""
    names = ("ops.sessions", "ops.high_watermarks")
    return all(len(ops.rows(accounts.context.lake, name, ops.of_session(session_id))) == 1 for name in names)


@pytest.mark.parametrize("dataset", [STATES, FACTS])
def test_s34_two_first_sessions_at_once_publish_once(accounts: Accounts, tmp_path: Path, dataset: str) -> None:
    fill(accounts, 3)

    together(accounts, dataset, [None, None])

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

    together(accounts, STATES, [None, as_request(1, 2, "beside the schedule")])

    watermark = accounts.watermark(STATES)
    assert watermark is not None and watermark.complete_through == hour(4)
    answered = ops.rows(accounts.context.lake, "ops.high_watermarks", ops.of_request("beside the schedule"))
    assert [row["dataset"] for row in answered] == [STATES]
    accounts.run(STATES)
    same_rows_as_rebuild(accounts, STATES, tmp_path / "clean")


def test_s34_ten_disjoint_backfills_at_once_all_land(accounts: Accounts, tmp_path: Path) -> None:
    fill(accounts, 10)
    while accounts.run(CHANGES).plan.owed:
        pass
    before = accounts.watermark(CHANGES)
    assert before is not None
    pending: list[Request | None] = [as_request(n, n, f"hour {n}") for n in range(10)]

    landed = _until_all_land(accounts, pending)

    rows = ops.rows(accounts.context.lake, "ops.high_watermarks", ops.of_dataset(CHANGES))
    assert {row["request_id"] for row in rows} >= {f"hour {n}" for n in range(10)}
    assert set(landed) <= set(history(accounts, CHANGES))
    assert all(closed_once(accounts, each) for each in landed)
    after = accounts.watermark(CHANGES)
    assert after is not None
    assert (after.complete_through, after.inputs) == (before.complete_through, before.inputs)
    same_rows_as_rebuild(accounts, CHANGES, tmp_path / "clean")


def _until_all_land(accounts: Accounts, requests: list[Request | None]) -> list[str]:
    """Three at any time; one that lost to the others too often is run again, as its scheduler would."""

    def land(request: Request | None) -> str:
        while True:
            with contextlib.suppress(MainMoved):
                return session.run(accounts.context, CHANGES, request, say=quietly).plan.session

    with ThreadPoolExecutor(3) as pool:
        return list(pool.map(land, requests))


def compact(accounts: Accounts, dataset: str) -> None:
    """Rewrite all files of main."""
    accounts.spark.sql(
        f"CALL {CATALOG}.system.rewrite_data_files(table => '{dataset}', options => map('rewrite-all', 'true'))"
    )


def expire(accounts: Accounts, dataset: str) -> None:
    """Expire every snapshot but the heads of main and of branches."""
    now = datetime.now(UTC) + timedelta(seconds=1)
    moment = f"TIMESTAMP '{now:%Y-%m-%d %H:%M:%S.%f}Z'"
    accounts.spark.sql(f"CALL {CATALOG}.system.expire_snapshots(table => '{dataset}', older_than => {moment})")


def remove_orphans(accounts: Accounts, dataset: str) -> None:
    """Remove files that no snapshot names; the procedure wants them a day old, so all are made so."""
    old = (datetime.now(UTC) - timedelta(days=3)).timestamp()
    for path in _folder(accounts, dataset).rglob("*"):
        with contextlib.suppress(FileNotFoundError):
            os.utime(path, (old, old))
    accounts.spark.sql(f"CALL {CATALOG}.system.remove_orphan_files(table => '{dataset}')")


CHORES = [compact, expire, remove_orphans]


def _folder(accounts: Accounts, dataset: str) -> Path:
    return accounts.settings.warehouse / dataset.replace(".", "/")


def with_news(accounts: Accounts) -> None:
    """Two sessions published (so that there is something to fold and to expire), and news for the next."""
    for last in (1, 2):
        fill_one(accounts, last)
        accounts.run(STATES)
    fill_one(accounts, 3)


def fill_one(accounts: Accounts, last: int) -> None:
    """An hour more, and a late sign-up."""
    accounts.append(SIGNUPS, [Event(f"s{last}", f"a{last}", last + 0.5), Event(f"l{last}", f"l{last}", 0.5)], last)
    accounts.complete(PLANS, last)
    accounts.complete(CANCELS, last)


def finish(accounts: Accounts, staged: Staged | Audited) -> None:
    """The rest of a session; where main moved meanwhile it starts again, as the middle task does."""
    plan = staged.plan if isinstance(staged, Staged) else staged.staged.plan
    published = session.write_audit_publish(accounts.context, STATES, plan.session, say=quietly)
    commit(accounts.context, published)


@pytest.mark.parametrize("chore", CHORES)
def test_s35_maintenance_of_the_target_between_write_and_audit(
    accounts: Accounts, tmp_path: Path, chore: Chore
) -> None:
    with_news(accounts)
    planned = session.init(accounts.context, STATES, say=quietly)
    staged = write(accounts.context, planned, "only")

    chore(accounts, STATES)

    assert audit(accounts.context, staged).report.passed, "the staged snapshot and its files are still there"
    finish(accounts, staged)
    _as_a_clean_run(accounts, tmp_path)


@pytest.mark.parametrize("chore", CHORES)
def test_s35_maintenance_of_the_target_between_audit_and_publish(
    accounts: Accounts, tmp_path: Path, chore: Chore
) -> None:
    with_news(accounts)
    rows = accounts.rows(STATES)
    audited = audit(accounts.context, write(accounts.context, session.init(accounts.context, STATES), "only"))

    chore(accounts, STATES)

    assert accounts.rows(STATES) == rows, "main is as it was published"
    if chore is not compact:
        publish(accounts.context, audited)
        assert accounts.head(STATES) == audited.staged.snapshot_id
    finish(accounts, audited)
    _as_a_clean_run(accounts, tmp_path)


@pytest.mark.parametrize("chore", CHORES)
@pytest.mark.parametrize("dataset", [STATES, SIGNUPS])
def test_s35_maintenance_during_the_write(
    accounts: Accounts, tmp_path: Path, monkeypatch: pytest.MonkeyPatch, chore: Chore, dataset: str
) -> None:
    """Of the target, and of an input that the write is about to read at its planned snapshot."""
    with_news(accounts)
    planned = session.init(accounts.context, STATES, say=quietly)
    build = transforms.states

    def build_meanwhile(inputs: Any, params: Any) -> Any:
        chore(accounts, dataset)
        return build(inputs, params)

    with monkeypatch.context() as patch:
        patch.setattr(transforms, "states", build_meanwhile)
        staged = write(accounts.context, planned, "only")

    audit(accounts.context, staged)
    finish(accounts, staged)
    _as_a_clean_run(accounts, tmp_path)


def _as_a_clean_run(accounts: Accounts, folder: Path) -> None:
    """Nothing is left to do, and the table is what a rebuild gives; what an overtaken session staged is swept."""
    accounts.run(STATES)
    watermark = accounts.watermark(STATES)
    assert watermark is not None and watermark.complete_through == hour(4)
    maintain(replace(accounts.context, clock=datetime.now(UTC) + BRANCH_LIFE), STATES)
    assert [name for name in accounts.table(STATES).refs() if name.startswith(BRANCH_PREFIX)] == []
    same_rows_as_rebuild(accounts, STATES, folder / "clean")


def test_s35_maintenance_that_goes_on_beside_sessions(accounts: Accounts, tmp_path: Path) -> None:
    """Chores fall into whatever step is going on; a session that lost to them is run again by its scheduler.

    Orphan removal is none of them: here it would take files of a commit that is being made, which only the age
    that it asks for protects.
    """
    with_news(accounts)
    soon = replace(accounts.context, clock=datetime.now(UTC) + KEEP_SNAPSHOTS_FOR - timedelta(seconds=60))
    stop = threading.Event()
    refused: list[str] = []

    def keep_house() -> None:
        while not stop.wait(1.0):
            for chore in (compact, lambda _, dataset: maintain(soon, dataset)):
                try:
                    chore(accounts, STATES)
                except PySparkException as error:  # it gives way to a publish in the same instant
                    refused.append(str(error))

    thread = threading.Thread(target=keep_house)
    thread.start()
    try:
        for last in (3, 4, 5):
            fill_one(accounts, last)
            _run_until_it_lands(accounts)
    finally:
        stop.set()
        thread.join()

    assert all("ommit" in text or "onflict" in text or "hanged" in text for text in refused), refused
    accounts.run(STATES)
    same_rows_as_rebuild(accounts, STATES, tmp_path / "clean")


def _run_until_it_lands(accounts: Accounts) -> None:
    while True:
        with contextlib.suppress(MainMoved):
            session.run(accounts.context, STATES, say=quietly)
            return


def test_s34_a_run_whose_twin_closed_the_session_meanwhile_takes_it_as_done(
    accounts: Accounts, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """The twin takes all branches of the session away, while this run is about to write to its own."""
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
    _as_a_clean_run(accounts, tmp_path)
