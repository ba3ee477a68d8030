"""Hostile arguments of the command line are refused by name, before anything is opened or created."""

from __future__ import annotations

import os
import subprocess
import sys
from pathlib import Path

import pytest

from tests.hostile.values import FORBIDDEN_TEXT, HOSTILE, SHORT, environment, untouched
from tidemark.catalog import open_lake
from tidemark.cli.main import main
from tidemark.settings import load_settings

CHECKOUT = Path(__file__).resolve().parents[2]
NOW = ["--clock", "2026-04-13"]
RANGE = ["--from", "2026-04-11", "--to", "2026-04-12", *NOW]
STATES, FEED = "accounts.account_states", "accounts.signups_feed"


@pytest.fixture
def lake(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """An empty home."""
    home = tmp_path / "home"
    for name, value in environment(home).items():
        monkeypatch.setenv(name, value)
    return home


def refusal(capsys: pytest.CaptureFixture[str], *arguments: str) -> str:
    """Return the sentence with which the command refuses."""
    assert main(arguments) == 1
    captured = capsys.readouterr()
    assert captured.out == ""
    kind, _, sentence = captured.err.rstrip("\n").partition(": ")
    assert kind == "RequestRefused"
    assert sentence.isprintable(), "a terminal shows it and does not obey it"
    assert len(sentence) < 600
    return sentence


@pytest.mark.parametrize("value", HOSTILE)
@pytest.mark.parametrize(
    "command",
    [
        ["plan"],
        ["run"],
        ["run", *RANGE],
        ["adopt", "--reason", "a test"],
        ["declare", "--through", "2026-04-12", "--reason", "a test"],
        ["sessions"],
        ["audits"],
        ["explain", "event_id=e1"],
    ],
    ids=" ".join,
)
def test_s50_a_hostile_dataset_is_refused(
    lake: Path, capsys: pytest.CaptureFixture[str], command: list[str], value: str
) -> None:
    if command[0] == "run" and value == "empty":
        assert main([command[0], "", *command[1:]]) == 2
    elif command == ["sessions"] and value == "the loop's own":
        return  # This is an ordinary name without a session.
    else:
        assert refusal(capsys, command[0], HOSTILE[value], *command[1:]).startswith("dataset: ")
    assert untouched(lake)


@pytest.mark.parametrize("value", HOSTILE)
def test_s50_a_hostile_key_of_a_row_is_refused(lake: Path, capsys: pytest.CaptureFixture[str], value: str) -> None:
    assert "the grain is event_id" in refusal(capsys, "explain", FEED, HOSTILE[value])
    assert "the grain is event_id" in refusal(capsys, "explain", FEED, f"{HOSTILE[value]}=e1")
    assert untouched(lake)


@pytest.mark.parametrize("value", HOSTILE)
@pytest.mark.parametrize(
    ("named", "command"),
    [
        ("from", ["run", STATES, "--to", "2026-04-12", *NOW, "--from"]),
        ("to", ["run", STATES, "--from", "2026-04-11", *NOW, "--to"]),
        ("to", ["plan", STATES, "--from", "2026-04-11", *NOW, "--to"]),
        ("clock", ["run", "--all", "--clock"]),
        ("clock", ["plan", STATES, "--clock"]),
        ("through", ["declare", FEED, "--reason", "a test", "--through"]),
        ("since", ["quarantined", "--since"]),
    ],
)
def test_s50_a_hostile_instant_is_refused(
    lake: Path, capsys: pytest.CaptureFixture[str], named: str, command: list[str], value: str
) -> None:
    if value == "empty" and named in ("clock", "since"):
        return  # The argument is empty.
    assert refusal(capsys, *command, HOSTILE[value]).startswith(f"{named}: ")
    assert untouched(lake)


@pytest.mark.parametrize("value", FORBIDDEN_TEXT)
@pytest.mark.parametrize(
    "command",
    [
        ["run", STATES, *RANGE],
        ["run", STATES],
        ["run", "--all", "--resync"],
        ["adopt", STATES],
        ["declare", FEED, "--through", "2026-04-12"],
    ],
    ids=" ".join,
)
def test_s50_a_reason_that_cannot_be_shown_is_refused(
    lake: Path, capsys: pytest.CaptureFixture[str], command: list[str], value: str
) -> None:
    assert refusal(capsys, *command, "--reason", FORBIDDEN_TEXT[value]).startswith("reason: ")
    assert untouched(lake)


@pytest.mark.parametrize(
    ("arguments", "words"),
    [
        (["--from", "2026-04-12", "--to", "2026-04-11"], "from: 2026-04-12T00:00Z is not before to"),
        (["--from", "2026-04-12", "--to", "2026-04-12"], "from, to: 2026-04-12T00:00Z twice is an empty range"),
        (["--from", "0001-01-01", "--to", "2026-04-12"], "from: 0001-01-01 is not between 1990 and 2100"),
        (["--from", "0001-01-01T00:00+14:00", "--to", "2026-04-12"], "from: '0001-01-01T00:00+14:00' is not an"),
        (["--from", "2026-04-12", "--to", "9999-12-31"], "to: 9999-12-31 is not between"),
        (["--from", "2026-04-12", "--to", "9999-12-31T23:59-14:00"], "to: '9999-12-31T23:59-14:00' is not an"),
        (["--from", "1991-01-01", "--to", "2026-01-01"], "from, to: a range of 12784 days is longer than 3660"),
        (["--from", "2026-04-11T07:00+25:00", "--to", "2026-04-12"], "from: '2026-04-11T07:00+25:00' is not an"),
        (["--from", "2026-04-11T07:00 Europe/Berlin", "--to", "2026-04-12"], "from: '2026-04-11T07:00 Europe"),
        (["--from", "2026-02-30", "--to", "2026-04-12"], "from: '2026-02-30' is not an instant"),
        (["--from", "2026-04-11", "--to", "2026-04-14"], "to: 2026-04-14T00:00Z lies after the start of this run"),
        (["--from", "2026-04-11"], "to: missing"),
        (["--to", "2026-04-11"], "from: missing"),
        (["--from", "", "--to", "2026-04-11"], "from: missing"),
        (["--from", "2026-04-11", "--to", "2026-04-12", "--resync"], "resync: "),
        (["--from", "2026-04-11", "--to", "2026-04-12", "--clock", "9999-01-01"], "clock: 9999-01-01 is not between"),
        (
            ["--from", "2026-04-11", "--to", "2026-04-12", "--clock", "2099-01-01"],
            "clock: 2099-01-01T00:00Z is in the future",
        ),
    ],
)
@pytest.mark.parametrize("command", ["run", "plan"])
def test_s51_a_range_beyond_its_bounds_is_refused_with_the_bound(
    lake: Path, capsys: pytest.CaptureFixture[str], command: str, arguments: list[str], words: str
) -> None:
    clock = [] if "--clock" in arguments else NOW
    assert words in refusal(capsys, command, STATES, *arguments, *clock)
    assert untouched(lake)


def test_s51_a_range_of_all_datasets_is_refused(lake: Path, capsys: pytest.CaptureFixture[str]) -> None:
    assert "name one dataset" in refusal(capsys, "run", "--all", *RANGE)
    assert untouched(lake)


def test_s51_an_unknown_dataset_is_refused_with_those_that_are_known(
    lake: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    sentence = refusal(capsys, "run", "accounts.signup", *RANGE)
    assert sentence.startswith("dataset: 'accounts.signup' is unknown; known are: ")
    assert STATES in sentence
    assert untouched(lake)


@pytest.mark.parametrize("command", ["plan", "quarantined", "watermarks", "sessions"])
def test_looking_at_a_home_without_a_lake_makes_none(
    lake: Path, capsys: pytest.CaptureFixture[str], command: str
) -> None:
    assert main([command, *([FEED] if command == "plan" else [])]) == 1
    captured = capsys.readouterr()
    assert captured.out == ""
    assert captured.err.startswith(f"SettingsError: {lake}: there is no lake here; name another home in TIDEMARK_HOME")
    assert untouched(lake)


def test_the_doctor_makes_no_home_and_sees_where_none_can_be_made(
    lake: Path, capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    main(["doctor"])
    said = capsys.readouterr().out
    assert f"none in {lake} yet" in said
    assert untouched(lake)
    lake.write_text("a file")
    monkeypatch.setenv("TIDEMARK_HOME", str(lake / "below"))
    assert main(["doctor"]) == 1
    assert f"FAIL  home         {lake / 'below'}: {lake} is not writable" in capsys.readouterr().out


@pytest.mark.parametrize("command", ["run", "plan"])
def test_s51_a_range_of_what_is_not_built_makes_no_table(
    lake: Path, capsys: pytest.CaptureFixture[str], command: str
) -> None:
    open_lake(load_settings())
    assert "nothing is built yet" in refusal(capsys, command, STATES, *RANGE)
    assert "nothing is published yet" in refusal(capsys, "adopt", STATES, "--reason", "a test")
    assert not list((lake / "lake" / "warehouse").iterdir())


@pytest.mark.parametrize("last", ["many", "1e3", "9" * 5000, "--", "$(id)"])
def test_s50_a_number_that_is_none_is_refused(lake: Path, last: str) -> None:
    with pytest.raises(SystemExit) as refused:
        main(["sessions", f"--last={last}"])
    assert refused.value.code == 2
    assert untouched(lake)


@pytest.mark.parametrize("value", ["shell", "newline"])
def test_s50_a_process_of_its_own_refuses_and_runs_no_shell(tmp_path: Path, value: str) -> None:
    folder = tmp_path / "here"
    folder.mkdir()
    env = {**os.environ, **environment(tmp_path / "home")}
    env["PYTHONPATH"] = os.pathsep.join([str(CHECKOUT / "jobs"), str(CHECKOUT)])
    command = [sys.executable, "-m", "tidemark", "run", SHORT[value], *RANGE, "--reason", "$(touch made)"]
    done = subprocess.run(command, env=env, cwd=folder, capture_output=True, text=True, timeout=60, check=False)
    assert (done.returncode, done.stdout) == (1, "")
    assert done.stderr.startswith("RequestRefused: dataset: ")
    assert "Traceback" not in done.stderr
    assert not list(folder.iterdir())
    assert untouched(tmp_path / "home")
