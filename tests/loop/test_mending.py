"""A transform that is mended after its plan was made: the middle step alone plans anew."""

from __future__ import annotations

from dataclasses import replace

import pytest

from tests.accounts.world import Accounts, Event
from tidemark import session
from tidemark.errors import AuditFailed

pytestmark = [pytest.mark.loop, pytest.mark.spark]

SIGNUPS, STATES = "accounts.signups_feed", "accounts.account_states"


def test_s63_what_was_staged_by_the_old_logic_is_not_taken(accounts: Accounts) -> None:
    accounts.append(SIGNUPS, [Event("s0", "a0", 0.5, "")], complete=0)
    accounts.complete("accounts.plans_feed", 0)
    accounts.complete("accounts.cancels_feed", 0)
    planned = session.init(accounts.context, STATES, say=accounts.said.append)
    with pytest.raises(AuditFailed):
        session.write_audit_publish(accounts.context, STATES, planned.plan.session, say=accounts.said.append)

    spec = accounts.context.specs[STATES]
    mended = replace(spec, expectations=spec.expectations[1:])
    context = replace(accounts.context, specs={**accounts.context.specs, STATES: mended})
    published = session.write_audit_publish(context, STATES, planned.plan.session, say=accounts.said.append)

    assert published.plan.session != planned.plan.session
    assert accounts.rows(STATES)[0]["plan"] == ""
