"""Housekeeping changes no content and takes nothing that a reader still needs."""

from __future__ import annotations

from dataclasses import replace
from datetime import timedelta
from pathlib import Path

import pytest

from tests.accounts.world import Accounts, Event, same_rows_as_rebuild
from tidemark.lake.ops import SCHEMAS
from tidemark.maintenance import maintain, maintain_ops
from tidemark.maintenance.files import SMALL_FILES
from tidemark.records import How

pytestmark = [pytest.mark.loop, pytest.mark.spark]

SIGNUPS, FACTS = "accounts.signups_feed", "accounts.signups"


def test_folding_and_expiry_leave_content_and_positions(accounts: Accounts, tmp_path: Path) -> None:
    accounts.append(SIGNUPS, [Event(f"s{n}", f"a{n}", 0.1 + n) for n in range(SMALL_FILES + 1)], complete=30)
    accounts.run(FACTS)
    accounts.append(SIGNUPS, [Event("late", "late", 0.5)], complete=30)
    rows, files = accounts.rows(FACTS), accounts.files(FACTS)
    later = replace(accounts.context, clock=accounts.context.clock + timedelta(days=36500))

    said = [maintain(later, dataset) for dataset in (FACTS, SIGNUPS)]

    assert accounts.rows(FACTS) == rows
    assert all("folded" in line for line in said)
    assert len(files) > SMALL_FILES
    done = accounts.run(FACTS)
    assert done.plan.how is How.append
    assert accounts.run(FACTS).plan.how is How.nothing
    same_rows_as_rebuild(accounts, FACTS, tmp_path / "clean")


def test_abandoned_branches_go_by_age(accounts: Accounts) -> None:
    accounts.append(SIGNUPS, [Event("s0", "a0", 0.5)], complete=1)
    accounts.run(FACTS)
    table = accounts.table(FACTS)
    accounts.context.lake.create_branch(table, "session_left_behind_1", accounts.head(FACTS))

    maintain(accounts.context, FACTS)
    assert "session_left_behind_1" in accounts.table(FACTS).refs()
    maintain(replace(accounts.context, clock=accounts.context.clock + timedelta(days=36500)), FACTS)
    assert "session_left_behind_1" not in accounts.table(FACTS).refs()


def test_the_tables_of_ops_are_maintained(accounts: Accounts) -> None:
    accounts.append(SIGNUPS, [Event("s0", "a0", 0.5)], complete=1)
    accounts.run(FACTS)

    assert len(maintain_ops(accounts.context).splitlines()) == len(SCHEMAS)
