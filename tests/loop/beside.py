"""A table with news to publish, for tests of what happens beside its sessions."""

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
    """Sessions of several threads say nothing."""


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


def as_a_clean_run(accounts: Accounts, folder: Path) -> None:
    """Nothing is left to do, and the table is what a rebuild gives; what an overtaken session staged is swept."""
    accounts.run(STATES)
    watermark = accounts.watermark(STATES)
    assert watermark is not None and watermark.complete_through == hour(4)
    maintain(replace(accounts.context, clock=datetime.now(UTC) + BRANCH_LIFE), STATES)
    assert [name for name in accounts.table(STATES).refs() if name.startswith(BRANCH_PREFIX)] == []
    same_rows_as_rebuild(accounts, STATES, folder / "clean")
