"""A row keeps its origin when maintenance rewrites its file, as long as it is on record."""

from __future__ import annotations

import pytest

from tests.accounts.names import SIGNUPS
from tests.accounts.world import Accounts, Event, hour
from tests.loop.housekeeping import expire, fold
from tests.loop.landing import drop
from tidemark.operate.origin.chain import Origin
from tidemark.operate.origin.explanation import explain_row

pytestmark = [pytest.mark.loop, pytest.mark.spark]

FACTS = "accounts.signups"


def origin(accounts: Accounts, dataset: str, event: str) -> Origin:
    found = explain_row(accounts.context.lake, accounts.context.specs, dataset, {"event_id": event})
    (only,) = found.row.origins
    return only


def land(accounts: Accounts, at: float, clock: float) -> tuple[str, str]:
    drop(accounts, f"{at}.json", at)
    landed = accounts.run(SIGNUPS, clock=hour(clock)).plan.session
    return landed, accounts.run(FACTS, clock=hour(clock)).plan.session


def test_the_session_is_that_of_the_row_and_not_of_the_rewrite(accounts: Accounts) -> None:
    landed, built = land(accounts, 0.1, 3)
    land(accounts, 1.1, 4)
    for dataset in (SIGNUPS, FACTS, SIGNUPS):
        fold(accounts, dataset)

    found = origin(accounts, FACTS, "s0.1")
    assert found.session == built
    (feed,) = found.inputs
    assert [each.session for each in feed.origins] == [landed]
    (file,) = feed.origins[0].files
    assert (file.path, file.places, file.one_of) == ("signups/0.1.json", (), True)


def test_an_expired_history_is_said_to_be_expired(accounts: Accounts) -> None:
    landed, _ = land(accounts, 0.1, 3)
    land(accounts, 1.1, 4)
    expire(accounts, SIGNUPS)
    assert origin(accounts, SIGNUPS, "s0.1").session == landed, "the record of closed sessions names it"
    fold(accounts, SIGNUPS)
    expire(accounts, SIGNUPS)
    lost = origin(accounts, SIGNUPS, "s0.1")
    assert (lost.session, lost.files) == (None, ())
    assert lost.note == "maintenance rewrote the file, and the snapshot before has expired"


def test_rows_that_no_session_wrote_are_said_to_be_so(accounts: Accounts) -> None:
    accounts.append(SIGNUPS, [Event("e1", "a1", 0.5)], complete=1)
    accounts.run(FACTS)
    (feed,) = origin(accounts, FACTS, "e1").inputs
    (by,) = feed.origins
    assert by.session is None and by.note.startswith("no session on record made this snapshot")
