"""`tidemark sessions` says of each session how far it came."""

from __future__ import annotations

import re
from dataclasses import replace

import pytest

from tests.accounts.names import SIGNUPS
from tests.accounts.world import SCHEMAS, Accounts, Event, hour
from tests.loop.beside import quietly
from tidemark import session
from tidemark.cli.main import main

pytestmark = [pytest.mark.loop, pytest.mark.spark]

FACTS = "accounts.signups"


def test_each_session_says_how_far_it_came(
    accounts: Accounts, capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("TIDEMARK_HOME", str(accounts.settings.home))
    monkeypatch.setenv("TIDEMARK_SCHEMAS", str(SCHEMAS))
    accounts.append(SIGNUPS, [Event("s0", "a0", 0.5)], complete=0)
    overtaken = session.init(accounts.context, FACTS, say=quietly).plan.session
    accounts.append(SIGNUPS, [Event("s1", "a1", 1.5)], complete=1)
    later = replace(accounts.context, clock=hour(25))
    first = session.init(later, FACTS, say=quietly).plan.session
    assert said(capsys) == {overtaken: "not published yet", first: "not published yet"}

    session.write_audit_publish(later, FACTS, first, say=quietly)
    assert said(capsys) == {
        overtaken: "not published: another session was first",
        first: "published, to be closed by the next session",
    }

    session.commit(later, FACTS, first, say=quietly)
    assert said(capsys)[first] == "complete through 2026-04-12T02:00Z"


def said(capsys: pytest.CaptureFixture[str]) -> dict[str, str]:
    """What the command says of each session."""
    capsys.readouterr()
    assert main(["sessions"]) == 0
    lines = [re.split(r"\s{2,}|\s(?=append|accounts)", line) for line in capsys.readouterr().out.splitlines()]
    return {session: state for _, session, _, _, state in lines}
