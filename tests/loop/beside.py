"""A table with unpublished news, for tests of maintenance and other sessions beside its own sessions."""

from __future__ import annotations

from dataclasses import replace
from datetime import UTC, datetime
from pathlib import Path

from tests.accounts.names import CANCELS, PLANS, SIGNUPS
from tests.accounts.world import Accounts, Event, hour, same_rows_as_rebuild
from tidemark.catalog.branches import BRANCH_LIFE
from tidemark.catalog.properties import BRANCH_PREFIX
from tidemark.operate.maintenance import maintain

STATES = "accounts.account_states"


def quietly(text: str) -> None:
    """Ignore a log line, because sessions of several threads log at once."""


def with_news(accounts: Accounts) -> None:
    """Publish two sessions, so that there are files to compact and snapshots to expire, and add news for the next."""
    for last in (1, 2):
        fill_one(accounts, last)
        accounts.run(STATES)
    fill_one(accounts, 3)


def fill_one(accounts: Accounts, last: int) -> None:
    """Add one hour, and a late sign-up."""
    accounts.append(SIGNUPS, [Event(f"s{last}", f"a{last}", last + 0.5), Event(f"l{last}", f"l{last}", 0.5)], last)
    accounts.complete(PLANS, last)
    accounts.complete(CANCELS, last)


def as_a_clean_run(accounts: Accounts, folder: Path) -> None:
    """Check that nothing is left to do and that the table equals a rebuild, once overtaken sessions are cleaned up."""
    accounts.run(STATES)
    watermark = accounts.watermark(STATES)
    assert watermark is not None and watermark.complete_through == hour(4)
    maintain(replace(accounts.context, clock=datetime.now(UTC) + BRANCH_LIFE), STATES)
    assert [name for name in accounts.table(STATES).refs() if name.startswith(BRANCH_PREFIX)] == []
    same_rows_as_rebuild(accounts, STATES, folder / "clean")
