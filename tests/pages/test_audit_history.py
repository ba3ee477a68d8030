"""The history of audits: which sessions are read, what is known of each check, and what the command prints."""

from __future__ import annotations

import json
from collections.abc import Iterator
from datetime import UTC, datetime, timedelta
from pathlib import Path

import pytest

from tests.pages.audits import DRIFTING, FAILING_SESSION, FILE, FIRST, OLD_SESSION, SESSIONS, SHARE, add_audits
from tests.pages.lake import HOSTILE
from tidemark.catalog import Lake, open_lake, ops
from tidemark.cli.main import main
from tidemark.operate.audit_history import FAILED, PASSED, WARNED, read_history, series_of
from tidemark.operate.audit_nights import DatasetNight, read_nights
from tidemark.operate.audit_text import describe_trend
from tidemark.settings import CHECKOUT, Settings


@pytest.fixture(scope="module")
def home(tmp_path_factory: pytest.TempPathFactory) -> Path:
    home = tmp_path_factory.mktemp("audits")
    add_audits(open_lake(Settings(home=home, schemas=CHECKOUT / "schemas")), HOSTILE)
    return home


@pytest.fixture
def lake(home: Path, monkeypatch: pytest.MonkeyPatch) -> Iterator[Lake]:
    """The lake, which is also that of the command line."""
    monkeypatch.setenv("TIDEMARK_HOME", str(home))
    monkeypatch.delenv("TIDEMARK_SCHEMAS", raising=False)
    lake = open_lake(Settings(home=home, schemas=CHECKOUT / "schemas"))
    yield lake
    lake.catalog.engine.dispose()


def printed(capsys: pytest.CaptureFixture[str], *arguments: str) -> str:
    assert main(arguments) == 0
    return capsys.readouterr().out


def test_sessions_are_listed_newest_first_with_the_worst_check_first(lake: Lake) -> None:
    sessions, older = read_history(lake, DRIFTING)
    assert [session.session for session in sessions] == [f"drift-{number:02}" for number in reversed(range(SESSIONS))]
    assert not older
    assert [session.word for session in sessions[:4]] == [WARNED, WARNED, FAILED, PASSED]
    assert sessions[2].checks[0].check == "position between 1 and 500"


@pytest.mark.parametrize(("verdict", "numbers"), [(FAILED, [13]), (WARNED, [15, 14]), (PASSED, [12, 11])])
def test_a_verdict_chooses_sessions(lake: Lake, verdict: str, numbers: list[int]) -> None:
    sessions, _ = read_history(lake, DRIFTING, verdict)
    assert [session.session for session in sessions][: len(numbers)] == [f"drift-{number:02}" for number in numbers]
    assert {session.word for session in sessions} == {verdict}


def test_older_sessions_are_read_by_leaving_out_the_newest(lake: Lake) -> None:
    sessions, older = read_history(lake, DRIFTING, skip=4, most=3)
    assert ([session.session for session in sessions], older) == (["drift-11", "drift-10", "drift-09"], True)
    assert read_history(lake, DRIFTING, skip=SESSIONS) == ((), False)


def test_a_row_that_knows_only_its_files_hash_gets_the_path_of_the_landed_file(lake: Lake) -> None:
    [session], _ = read_history(lake, DRIFTING, FAILED)
    assert [row.file for row in session.checks[0].failing] == [FILE, FILE, FILE]
    assert [row.values["position"] for row in session.checks[0].failing] == ["900", "901", None]


def test_a_check_is_followed_over_time_and_its_drift_is_told(lake: Lake) -> None:
    sessions, _ = read_history(lake, DRIFTING)
    share = next(series for series in series_of(sessions) if series.check == SHARE)
    numbers = [outcome.measure.low for _, outcome in share.outcomes if outcome.measure]
    assert numbers == sorted(numbers, key=lambda number: number or 0.0) and len(numbers) == SESSIONS - 1
    assert describe_trend(share) == "typically 16%, then 52%"


def test_a_record_of_an_older_version_has_no_numbers_and_is_shown_as_it_is(lake: Lake) -> None:
    sessions, _ = read_history(lake, DRIFTING)
    old = sessions[-1]
    assert (old.session, old.rows) == (OLD_SESSION, None)
    assert {check.measure for check in old.checks} == {None}
    assert next(check for check in old.checks if check.check == SHARE).observed == "10%"


def test_a_repeated_audit_counts_once(lake: Lake) -> None:
    before, _ = read_history(lake, DRIFTING)
    [row] = [r for r in ops.rows(lake, "ops.audit_results") if r["session"] == "drift-01" and r["check"] == SHARE]
    ops.append(lake, "ops.audit_results", [{**row, "passed": True, "observed": "again"}])
    after, _ = read_history(lake, DRIFTING)
    assert len(after[-2].checks) == len(before[-2].checks) == 3


def test_days_count_the_sessions_of_each_dataset_by_verdict(lake: Lake) -> None:
    nights = read_nights(lake, FIRST)
    assert [night.day.day for night in nights] == [8, 7, 6, 5, 4, 3, 2, 1]
    assert nights[0] == DatasetNight(nights[0].day, DRIFTING, (), ("drift-15", "drift-14"), 0)
    assert nights[1] == DatasetNight(nights[1].day, DRIFTING, (FAILING_SESSION,), (), 1)
    assert [night.day.day for night in read_nights(lake, FIRST, FAILED)] == [7]
    assert [night.day.day for night in read_nights(lake, FIRST + timedelta(days=6), PASSED)] == []
    assert read_nights(lake, datetime.now(UTC) + timedelta(days=1)) == []


def test_the_command_prints_failing_rows_their_places_and_what_is_next(
    lake: Lake, capsys: pytest.CaptureFixture[str]
) -> None:
    text = printed(capsys, "audits", DRIFTING, "--verdict", "failed")
    assert "failed: position between 1 and 500: 1 to 900, expected between 1 and 500" in text
    assert f"900 (shop, {HOSTILE}, {'f' * 64}) in {FILE}, place 7" in text
    assert "next: correct the cause, then clear the failed task of the run in Airflow; without a run there: " in text
    assert f".venv/bin/tidemark run {DRIFTING}" in text
    assert "more: docs/runbooks/audit-failed.md" in text


def test_the_command_quotes_a_key_from_the_data_for_the_shell(lake: Lake, capsys: pytest.CaptureFixture[str]) -> None:
    text = printed(capsys, "audits", DRIFTING, "--verdict", "warned", "--last", "1")
    quoted = "'application=<script>alert('\"'\"'&'\"'\"')</script>' record_id=r1"
    assert f".venv/bin/tidemark explain {DRIFTING} {quoted}" in text


def test_the_command_prints_one_check_over_time(lake: Lake, capsys: pytest.CaptureFixture[str]) -> None:
    lines = printed(capsys, "audits", DRIFTING, "--check", "action", "--last", "3").splitlines()
    assert lines[0] == f"{SHARE}, expected at most 50% of rows"
    assert [line.split()[-1] for line in lines[1:]] == ["49%", "52%", "55%"]


def test_the_command_prints_the_same_as_json(lake: Lake, capsys: pytest.CaptureFixture[str]) -> None:
    found = json.loads(printed(capsys, "audits", DRIFTING, "--verdict", "failed", "--json"))
    assert [(each["session"], each["verdict"]) for each in found["sessions"]] == [(FAILING_SESSION, FAILED)]
    assert found["sessions"][0]["checks"][0]["failing"][0]["place"] == 7
    checks = json.loads(printed(capsys, "audits", DRIFTING, "--check", SHARE, "--json"))["checks"]
    assert [each["check"] for each in checks] == [SHARE]
    assert printed(capsys, "audits") == "no matching audit is on record\n", "these audits are older than two weeks"
