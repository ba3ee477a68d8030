"""The hourly runs of a backfill: the first run of a day rebuilds it, and the others find nothing to do."""

from __future__ import annotations

from datetime import UTC, datetime

import pytest

from tests.accounts.names import SIGNUPS
from tests.accounts.world import Accounts, Event, hour, hours
from tidemark.airflow.restate import named, restatement_of, to_rebuild, why_not_built
from tidemark.airflow.run_request import RunRequest

pytestmark = [pytest.mark.loop, pytest.mark.spark]

FACTS = "accounts.signups"


def run_of(first: int) -> RunRequest:
    """Return the request of the run of one hour of a backfill."""
    return RunRequest(datetime.now(UTC), hours(first, first), "a test asked for it")


@pytest.fixture
def built(accounts: Accounts) -> Accounts:
    """Signups of the hours 1 and 2."""
    accounts.append(SIGNUPS, [Event("s", "a", 1.5), Event("t", "b", 2.5)], complete=2)
    accounts.run(FACTS)
    return accounts


def rebuild(accounts: Accounts, request: RunRequest) -> None:
    restatement = restatement_of(accounts.context, FACTS, request)
    assert restatement is not None
    accounts.run(FACTS, named(accounts.context, FACTS, restatement))


def test_a_run_whose_partition_was_rebuilt_has_nothing_to_do(built: Accounts) -> None:
    assert to_rebuild(built.context, FACTS, run_of(1), built.said.append)
    rebuild(built, run_of(1))

    assert not to_rebuild(built.context, FACTS, run_of(1), built.said.append)
    assert built.said[-1].endswith("has rebuilt 2026-04-12T01:00Z..2026-04-12T02:00Z already")
    assert to_rebuild(built.context, FACTS, run_of(2), built.said.append), "another partition"


def test_a_run_whose_inputs_changed_since_has_something_to_do(built: Accounts) -> None:
    rebuild(built, run_of(1))
    built.append(SIGNUPS, [Event("u", "c", 1.7)], complete=3)
    built.run(FACTS)
    assert to_rebuild(built.context, FACTS, run_of(1), built.said.append)


def test_a_run_before_the_table_gets_that_far_has_nothing_to_do_and_fails_not(built: Accounts) -> None:
    restatement = restatement_of(built.context, FACTS, run_of(9))
    assert restatement is not None
    assert "the next usual run builds it" in str(why_not_built(built.context, FACTS, restatement))
    assert not to_rebuild(built.context, FACTS, run_of(9), built.said.append)
    assert f"built through {hour(3):%Y-%m-%dT%H}" in built.said[-1]


def test_a_source_is_left_to_its_usual_run(built: Accounts) -> None:
    assert not to_rebuild(built.context, SIGNUPS, run_of(1), built.said.append)
