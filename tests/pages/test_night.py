"""What the status page says of the last night."""

from __future__ import annotations

import re
from datetime import UTC, datetime, timedelta

import pytest

from tests.pages.conftest import Pages
from tests.pages.open_sessions import NIGHT
from tidemark.airflow.pages.night import NightRun, night_section, night_tile, verdict_of

ENDED = datetime(2026, 4, 12, 3, 5, tzinfo=UTC)
PASSED = NightRun("build_it", False, "scheduled__1", "success", ENDED, ENDED, ENDED)
FAILED = NightRun("train_it", False, "scheduled__2", "failed", ENDED, ENDED, ENDED + timedelta(minutes=5))
RUNNING = NightRun("keep_it", False, "scheduled__3", "running", ENDED, ENDED, None)
NONE = NightRun("new_<b>", True)
NOW = ENDED + timedelta(hours=6)
OLD = NightRun("stopped", False, "scheduled__0", "success", ENDED, ENDED - timedelta(days=2), ENDED)


@pytest.mark.parametrize(
    ("runs", "verdict"),
    [
        ((), "none yet"),
        ((NONE,), "none yet"),
        ((PASSED, PASSED), "passed"),
        ((PASSED, NONE), "missing"),
        ((PASSED, OLD), "missing"),
        ((PASSED, RUNNING), "under way"),
        ((OLD, RUNNING), "under way"),
        ((PASSED, RUNNING, FAILED), "failed"),
    ],
)
def test_a_night_passed_if_the_latest_run_of_each_of_its_dags_did(runs: tuple[NightRun, ...], verdict: str) -> None:
    assert verdict_of(runs, NOW) == verdict
    assert f"<strong>{verdict}</strong>" in night_tile(runs, NOW)


def test_the_tile_says_when_the_night_ended() -> None:
    assert "last night, ended 2026-04-12 03:10" in night_tile((FAILED, PASSED), NOW)
    assert "ended" not in night_tile((PASSED, RUNNING), NOW)


def test_each_dag_of_the_night_has_its_line() -> None:
    section = night_section((PASSED, FAILED, NONE), "/")
    passed, failed, none = re.findall(r"<tr><td.*?</tr>", section)
    assert 'href="/dags/build_it/runs/scheduled__1"' in passed and ">passed<" in passed
    assert ">failed<" in failed and "paused" not in failed
    assert "no run yet" in none and ">paused<" in none and "<b>" not in none
    assert night_section((), "/") == ""


@pytest.mark.dags
@pytest.mark.services
def test_the_page_shows_the_latest_scheduled_run_and_no_later_run_by_hand_or_backfill(pages: Pages) -> None:
    text = pages.ask("/tidemark/", "viewer").text
    section = text.partition('id="night"')[2].partition("</section>")[0]
    dag, _, run = NIGHT.partition("/")
    assert re.findall(r'href="([^"]*)"', section) == [f"/dags/{dag}", f"/dags/{dag}/runs/{run}"]
    assert "<strong>passed</strong><span>last night" in text
