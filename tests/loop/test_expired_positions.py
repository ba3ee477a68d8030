"""A position whose snapshot has expired, while its child on main still names it as its parent."""

from __future__ import annotations

from dataclasses import replace
from datetime import UTC, datetime, timedelta
from pathlib import Path

import pytest

from tests.accounts.names import SIGNUPS
from tests.accounts.world import Accounts, as_request, same_rows_as_rebuild
from tests.loop.housekeeping import expire, fold
from tests.loop.test_by_hand import arrive
from tidemark.errors import RequestRefused
from tidemark.operate.maintenance.expiry import expirable_until
from tidemark.state.effect import How

pytestmark = [pytest.mark.loop, pytest.mark.spark]

FACTS = "accounts.signups"


def expirable(accounts: Accounts, dataset: str) -> datetime:
    """Return the instant up to which maintenance would expire a table's snapshots in a month."""
    in_a_month = replace(accounts.context, clock=datetime.now(UTC) + timedelta(days=30))
    return expirable_until(in_a_month, accounts.table(dataset))


def oldest(accounts: Accounts, dataset: str) -> datetime:
    snapshot = min(accounts.table(dataset).snapshots(), key=lambda snapshot: snapshot.sequence_number or 0)
    return datetime.fromtimestamp(snapshot.timestamp_ms / 1000, UTC)


def test_s22_a_range_cannot_be_rebuilt_as_of_an_expired_position(accounts: Accounts, tmp_path: Path) -> None:
    arrive(accounts, 0.5)
    accounts.run(FACTS)
    arrive(accounts, 1.5)
    expire(accounts, SIGNUPS)
    with pytest.raises(RequestRefused, match=f"Take in the new rows first .tidemark run {FACTS}."):
        accounts.run(FACTS, as_request(0, 0))

    accounts.run(FACTS)
    accounts.run(FACTS, as_request(0, 0))

    same_rows_as_rebuild(accounts, FACTS, tmp_path / "clean")


def test_s58_a_range_is_rebuilt_as_of_a_position_whose_content_a_compaction_kept(
    accounts: Accounts, tmp_path: Path
) -> None:
    arrive(accounts, 0.5)
    accounts.run(FACTS)
    fold(accounts, SIGNUPS)
    expire(accounts, SIGNUPS)
    before = accounts.files(FACTS)

    done = accounts.run(FACTS, as_request(0, 0))

    assert done.plan.how is How.overwrite
    assert "rebuilt 1 partition, with the same rows as before: main stays as it is" in "\n".join(accounts.said)
    assert accounts.files(FACTS) == before
    same_rows_as_rebuild(accounts, FACTS, tmp_path / "clean")


def test_s35_maintenance_keeps_the_child_that_names_a_readers_expired_position(accounts: Accounts) -> None:
    arrive(accounts, 0.5)
    accounts.run(FACTS)
    arrive(accounts, 1.5)
    expire(accounts, SIGNUPS)
    arrive(accounts, 2.5)

    assert expirable(accounts, SIGNUPS) <= oldest(accounts, SIGNUPS)


def test_s35_maintenance_keeps_the_child_that_names_a_tables_own_expired_snapshot(accounts: Accounts) -> None:
    arrive(accounts, 0.5)
    accounts.run(FACTS)
    fold(accounts, FACTS)
    expire(accounts, FACTS)
    fold(accounts, FACTS)

    assert expirable(accounts, FACTS) <= oldest(accounts, FACTS)
