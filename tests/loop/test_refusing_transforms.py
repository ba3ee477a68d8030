"""What a transform may do: refuse its inputs or settings, with nothing written, and keep files for a while."""

from __future__ import annotations

import json

import pytest

from tests.accounts.world import Accounts, Event
from tests.loop.respecified import with_spec
from tidemark.cli import sessions
from tidemark.cli.main import main

pytestmark = [pytest.mark.loop, pytest.mark.spark]

FEED, FACTS = "accounts.signups_feed", "accounts.signups"


@pytest.fixture
def arrived(accounts: Accounts) -> Accounts:
    accounts.append(FEED, [Event("s1", "account-1", 0.5)], complete=5)
    return accounts


def test_a_refusal_is_a_sentence_on_the_command_line_and_writes_nothing(
    arrived: Accounts, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    with_spec(arrived, FACTS, transform="tests.loop.transforms:refusing")
    head = arrived.head(FACTS)
    monkeypatch.setattr(sessions, "load_settings", lambda: arrived.settings)
    monkeypatch.setattr(sessions.session, "open_context", lambda *_: arrived.context)  # type: ignore[attr-defined]

    assert main(["run", FACTS]) == 1

    said = capsys.readouterr().err
    assert said.startswith("TransformRefused: accounts.signups: tests.loop.transforms:refusing refuses")
    assert "the horizon is no multiple of the cuts\\x1b[2J; write 28d" in said, "shown, and not obeyed"
    assert (arrived.head(FACTS), list(arrived.table(FACTS).refs())) == (head, ["main"])


def test_a_transform_may_keep_files_while_its_session_writes_and_they_are_removed(arrived: Accounts) -> None:
    with_spec(arrived, FACTS, transform="tests.loop.transforms:by_way_of_files")
    arrived.run(FACTS)
    assert [row["account_id"] for row in arrived.rows(FACTS)] == ["account-1"]
    assert list((arrived.settings.lake / "scratch").iterdir()) == []


def test_what_a_library_raises_under_a_transform_is_a_bug_and_passes_bare(arrived: Accounts) -> None:
    with_spec(arrived, FACTS, transform="tests.loop.transforms:stumbling")
    with pytest.raises(json.JSONDecodeError):
        arrived.run(FACTS)
