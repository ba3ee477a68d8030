"""`tidemark sessions` shows how far each session came."""

from __future__ import annotations

import re
from dataclasses import replace

import pytest

from tests.accounts.names import SIGNUPS
from tests.accounts.world import Accounts, Event, hour
from tests.loop.beside import quietly
from tidemark import session
from tidemark.catalog import ops
from tidemark.cli.main import main
from tidemark.state.cause import Resync

pytestmark = [pytest.mark.loop, pytest.mark.spark]

FACTS = "accounts.signups"


def test_each_session_says_how_far_it_came(
    accounts: Accounts, command_line: None, capsys: pytest.CaptureFixture[str]
) -> None:
    accounts.append(SIGNUPS, [Event("s0", "a0", 0.5)], complete=0)
    overtaken = session.init(accounts.context, FACTS, say=quietly).plan.session
    accounts.append(SIGNUPS, [Event("s1", "a1", 1.5)], complete=1)
    later = replace(accounts.context, clock=hour(25))
    first = session.init(later, FACTS, say=quietly).plan.session
    assert said(capsys) == {overtaken: "not published yet", first: "not published yet"}

    session.write_audit_publish(later, FACTS, first, say=quietly)
    assert said(capsys) == {
        overtaken: "not published: another session published first",
        first: "published; the next session closes it",
    }

    session.commit(later, FACTS, first, say=quietly)
    assert said(capsys)[first] == "complete through 2026-04-12T02:00Z"


def test_the_reason_of_a_resync_stays_on_record_and_of_no_other_session(
    accounts: Accounts, command_line: None, capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    accounts.append(SIGNUPS, [Event("s0", "a0", 0.5)], complete=0)
    with monkeypatch.context() as patched:
        patched.setattr("tidemark.cli.sessions.read_remark", lambda lake, dataset: f"{dataset} is small")
        assert main(["run", FACTS, "--reason", "nobody needs to know"]) == 0
    assert f"{FACTS}: {FACTS} is small" in capsys.readouterr().out.splitlines(), "a remark of the domain"
    assert main(["run", FACTS, "--resync", "--reason", "bots taken out"]) == 0
    assert main(["run", FACTS, "--reason", "nobody needs to know"]) == 0

    closed = ops.rows(accounts.context.lake, "ops.high_watermarks", columns=("how", "reason"))
    assert {(row["how"], row["reason"]) for row in closed} == {("append", None), ("touch", "bots taken out")}
    capsys.readouterr()
    assert main(["sessions", FACTS]) == 0
    assert [line.count("by hand: bots taken out") for line in capsys.readouterr().out.splitlines()] == [1, 0]


def test_a_reason_takes_part_in_the_name_of_a_session(accounts: Accounts) -> None:
    accounts.append(SIGNUPS, [Event("s0", "a0", 0.5)], complete=0)
    resynced = session.plan(accounts.context, FACTS, Resync())
    told = session.plan(accounts.context, FACTS, Resync("bots taken out"))
    assert told.session != resynced.session
    assert replace(told, cause=Resync(), session=resynced.session) == resynced


def test_of_sessions_at_one_clock_the_one_that_followed_is_the_newer(
    accounts: Accounts, command_line: None, capsys: pytest.CaptureFixture[str]
) -> None:
    ran = []
    for number in range(3):
        accounts.append(SIGNUPS, [Event(f"s{number}", "a", number + 0.5)], complete=number)
        ran.append(accounts.run(FACTS).plan.session)
    assert list(said(capsys)) == ran[::-1]


def said(capsys: pytest.CaptureFixture[str]) -> dict[str, str]:
    """Return what the command says about each session."""
    capsys.readouterr()
    assert main(["sessions"]) == 0
    lines = [re.split(r"\s{2,}|\s(?=append|accounts)", line) for line in capsys.readouterr().out.splitlines()]
    return {session: state for _, session, _, _, state in lines}
