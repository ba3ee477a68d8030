"""Corrections after the plan was made: for a transform, the middle step plans again; for landed files, init does."""

from __future__ import annotations

from dataclasses import replace

import pytest

from tests.accounts.world import Accounts, Event
from tests.loop.landing import drop
from tests.loop.respecified import with_spec
from tidemark import session
from tidemark.errors import AuditFailed
from tidemark.spec import Expectation

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


def test_mended_files_are_landed_by_the_step_that_the_error_names(accounts: Accounts) -> None:
    wrong = Expectation("rows_where", "fail", "s0.1 is a test of the shop's", condition="event_id = 's0.1'")
    with_spec(accounts, SIGNUPS, expectations=(wrong,))
    drop(accounts, "a.json", 0.1)
    planned = session.init(accounts.context, SIGNUPS, say=accounts.said.append)
    with pytest.raises(AuditFailed, match='next: correct the landed files, then clear "init" in this run;'):
        session.write_audit_publish(accounts.context, SIGNUPS, planned.plan.session, say=accounts.said.append)

    drop(accounts, "a.json", 0.2)
    accounts.run(SIGNUPS)

    assert [row["event_id"] for row in accounts.rows(SIGNUPS)] == ["s0.2"]
