"""`tidemark wait`: its exit status, and what it says."""

from __future__ import annotations

import time
from types import SimpleNamespace

import pytest

from tests.waits.tables import SHOWN, Tables
from tidemark.cli import wait
from tidemark.cli.main import main

WANTED = ["wait", SHOWN, "--through", "2026-04-12T02:00Z"]


def test_a_complete_table_is_0(tables: Tables, capsys: pytest.CaptureFixture[str]) -> None:
    tables.publish(2)
    assert main(WANTED) == 0
    assert capsys.readouterr().out == "search.interactions is complete through 2026-04-12T02:00Z\n"


def test_an_incomplete_one_is_3_at_the_deadline(tables: Tables, capsys: pytest.CaptureFixture[str]) -> None:
    tables.publish(1)
    assert main([*WANTED, "--deadline", "0s"]) == 3
    assert capsys.readouterr().err == (
        "search.interactions is complete through 2026-04-12T01:00Z; wanted: 2026-04-12T02:00Z; "
        "the deadline of 0s has passed\n"
    )


def test_final_is_waited_for_on_request(tables: Tables, capsys: pytest.CaptureFixture[str]) -> None:
    tables.publish(2, final=1)
    assert main([*WANTED, "--final", "--deadline", "0s"]) == 3
    assert "search.interactions is final through 2026-04-12T01:00Z" in capsys.readouterr().err


def test_it_waits_for_a_lake_that_does_not_exist_yet(
    tables: Tables, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    """The lake comes while the command sleeps."""
    slept: list[float] = []

    def sleep(seconds: float) -> None:
        slept.append(seconds)
        tables.publish(2)

    monkeypatch.setattr(wait, "time", SimpleNamespace(monotonic=time.monotonic, sleep=sleep))
    assert main(WANTED) == 0
    assert slept == [wait.POLL_SECONDS]
    said = capsys.readouterr()
    assert "there is no lake in" in said.err
    assert said.out == "search.interactions is complete through 2026-04-12T02:00Z\n"


@pytest.mark.parametrize(
    ("arguments", "message"),
    [
        (["wait", "search.nothing", "--through", "2026-04-12"], "dataset: 'search.nothing' is unknown"),
        (["wait", "interactions", "--through", "2026-04-12"], "dataset: 'interactions' is not a name"),
        (["wait", SHOWN, "--through", "yesterday"], "through: 'yesterday' is not an instant"),
        ([*WANTED, "--deadline", "2 hours"], "deadline: '2 hours' is not a duration"),
        ([*WANTED, "--deadline=-1h"], "deadline: -1h is negative"),
    ],
)
@pytest.mark.usefixtures("tables")
def test_wrong_values_are_refused_before_any_wait(
    arguments: list[str], message: str, capsys: pytest.CaptureFixture[str]
) -> None:
    assert main(arguments) == 1
    assert message in capsys.readouterr().err
