"""Maintenance between and during the steps of a session."""

from __future__ import annotations

import contextlib
import os
import re
import threading
from collections.abc import Callable
from dataclasses import replace
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

import pytest

from tests.accounts import transforms
from tests.accounts.names import SIGNUPS
from tests.accounts.world import Accounts, same_rows_as_rebuild
from tests.loop.beside import STATES, as_a_clean_run, fill_one, quietly, with_news
from tidemark import session
from tidemark.catalog.properties import CATALOG
from tidemark.errors import MainMoved
from tidemark.operate.maintenance import maintain
from tidemark.operate.maintenance.needs import KEEP_SNAPSHOTS_FOR
from tidemark.stages import Audited, Staged
from tidemark.steps.audit import audit
from tidemark.steps.commit import commit
from tidemark.steps.publish import publish
from tidemark.steps.write import write

pytestmark = [pytest.mark.loop, pytest.mark.spark]

Chore = Callable[[Accounts, str], None]


def compact(accounts: Accounts, dataset: str) -> None:
    """Rewrite all files of main."""
    accounts.spark.sql(
        f"CALL {CATALOG}.system.rewrite_data_files(table => '{dataset}', options => map('rewrite-all', 'true'))"
    )


def expire(accounts: Accounts, dataset: str) -> None:
    """Expire every snapshot except the heads of main and of branches."""
    now = datetime.now(UTC) + timedelta(seconds=1)
    moment = f"TIMESTAMP '{now:%Y-%m-%d %H:%M:%S.%f}Z'"
    accounts.spark.sql(f"CALL {CATALOG}.system.expire_snapshots(table => '{dataset}', older_than => {moment})")


def remove_orphans(accounts: Accounts, dataset: str) -> None:
    """Remove files that no snapshot names. They have to be a day old for that, so all files are made that old."""
    old = (datetime.now(UTC) - timedelta(days=3)).timestamp()
    for path in _folder(accounts, dataset).rglob("*"):
        with contextlib.suppress(FileNotFoundError):
            os.utime(path, (old, old))
    accounts.spark.sql(f"CALL {CATALOG}.system.remove_orphan_files(table => '{dataset}')")


def clean_up(accounts: Accounts, dataset: str) -> None:
    """Expire snapshots, then remove the files that no snapshot names any more."""
    expire(accounts, dataset)
    remove_orphans(accounts, dataset)


CHORES = [compact, clean_up]


def _folder(accounts: Accounts, dataset: str) -> Path:
    return accounts.folder(dataset)


def finish(accounts: Accounts, staged: Staged | Audited) -> None:
    """Run the rest of a session; if main moved meanwhile, it starts again as the middle task does."""
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
    as_a_clean_run(accounts, tmp_path)


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
    as_a_clean_run(accounts, tmp_path)


@pytest.mark.parametrize("chore", CHORES)
@pytest.mark.parametrize("dataset", [STATES, SIGNUPS])
def test_s35_maintenance_during_the_write(
    accounts: Accounts, tmp_path: Path, monkeypatch: pytest.MonkeyPatch, chore: Chore, dataset: str
) -> None:
    """Compact the target, and an input that the write is about to read at its planned snapshot."""
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
    as_a_clean_run(accounts, tmp_path)


def test_s35_maintenance_that_goes_on_beside_sessions(accounts: Accounts, tmp_path: Path) -> None:
    """Run maintenance during any step of sessions; if a session loses to it, its scheduler runs it again.

    Each pause between two rounds is twice as long as the last one, so a session gets through on a slow machine too.

    Orphan removal is left out. Only the age that it requires protects the files of a commit that is being made, and
    the test makes all files old.
    """
    with_news(accounts)
    soon = replace(accounts.context, clock=datetime.now(UTC) + KEEP_SNAPSHOTS_FOR - timedelta(seconds=60))
    stop = threading.Event()
    refused: list[Exception] = []
    done: list[str] = []

    def keep_house() -> None:
        pause = 0.5
        while not stop.wait(pause):
            pause *= 2
            for chore in (compact, lambda _, dataset: maintain(soon, dataset)):
                try:
                    done.append(str(chore(accounts, STATES)))
                except Exception as error:
                    refused.append(error)

    thread = threading.Thread(target=keep_house)
    thread.start()
    try:
        for last in (3, 4, 5):
            fill_one(accounts, last)
            _run_until_it_lands(accounts)
    finally:
        stop.set()
        thread.join()

    others = [error for error in refused if not re.search("[Cc]ommit|[Cc]onflict|[Cc]hanged", str(error))]
    assert others == [], "chores give way to a publish in the same instant, and to nothing else"
    assert len(done) >= 2, "no chore got through"
    accounts.run(STATES)
    same_rows_as_rebuild(accounts, STATES, tmp_path / "clean")


def _run_until_it_lands(accounts: Accounts) -> None:
    while True:
        with contextlib.suppress(MainMoved):
            session.run(accounts.context, STATES, say=quietly)
            return
