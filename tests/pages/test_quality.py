"""The pages of data quality: what they show, what leads to them, and that nothing from the data is markup."""

from __future__ import annotations

import html
import re
from urllib.parse import quote

import pytest

from tests.pages.audits import DRIFTING, FAILING_SESSION, FILE, SHARE
from tests.pages.conftest import Pages
from tests.pages.lake import HOSTILE, REBUILT
from tidemark.airflow.pages.charts import HEIGHT, Point, chart

pytestmark = [pytest.mark.dags, pytest.mark.services]

PAGE = f"/tidemark/quality/{DRIFTING}"


@pytest.mark.parametrize("path", ["", f"?check={quote(SHARE)}", f"?check={quote(HOSTILE)}", "?verdict=failed"])
def test_texts_from_the_data_are_escaped(pages: Pages, path: str) -> None:
    answer = pages.ask(PAGE + path, "viewer")
    assert answer.status == 200
    assert HOSTILE not in answer.text


def test_the_status_page_and_every_page_lead_to_the_history(pages: Pages) -> None:
    links = re.findall(r'href="([^"]*)"', pages.ask("/tidemark/", "viewer").text)
    assert {"/tidemark/quality", f"/tidemark/quality/{REBUILT}"} <= set(links)


def test_a_failed_check_shows_rows_values_and_places_and_that_it_has_passed_since(pages: Pages) -> None:
    text = html.unescape(pages.ask(PAGE, "viewer").text)
    card = text.partition("position between 1 and 500")[2].partition("</article>")[0]
    assert all(value in card for value in ("900", "901", "null", HOSTILE, f"{FILE}, place 7", "3 rows fail"))
    assert f'href="/tidemark/sessions/{FAILING_SESSION}"' in card
    assert "passed since" in card and 'href="/tidemark/sessions/drift-15"' in card and "Next" not in card
    failed_only = html.unescape(pages.ask(f"{PAGE}?verdict=failed", "viewer").text)
    assert "passed since" in failed_only, "though the session where it passed is not shown"


def test_a_check_that_still_fails_shows_the_next_command_and_its_runbook(pages: Pages) -> None:
    text = html.unescape(pages.ask(f"/tidemark/quality/{REBUILT}", "viewer").text)
    card = text.partition("What did not pass")[2].partition("</article>")[0]
    assert 'href="/tidemark/runbooks/audit-failed"' in card
    assert f".venv/bin/tidemark run {REBUILT}" in card


def test_a_check_that_drifts_has_a_chart_with_its_trend(pages: Pages) -> None:
    text = html.unescape(pages.ask(PAGE, "viewer").text)
    card = text.partition('<div class="charts">')[2].partition(f"<h3>{SHARE}</h3>")[2].partition("</article>")[0]
    assert '<svg class="chart"' in card and 'class="limit"' in card
    assert "typically 16%, then 52%" in card and "13% to 55%" in card


def test_the_page_of_one_check_shows_each_value_with_its_rows(pages: Pages) -> None:
    text = pages.ask(f"{PAGE}?check={quote(SHARE)}", "viewer").text
    rows = re.findall(r"<tr>.*?</tr>", text)
    assert len(rows) == 17, "the head and 16 sessions"
    assert "1,015" in rows[1] and "55%" in rows[1] and "drift-15" in rows[1]
    assert "10%" in rows[-1], "a record of an older version"


def test_a_verdict_chooses_sessions_and_days(pages: Pages) -> None:
    found = re.findall(r"/tidemark/sessions/(drift-\d+)", pages.ask(f"{PAGE}?verdict=warned", "viewer").text)
    assert set(found) == {"drift-14", "drift-15"}
    text = pages.ask("/tidemark/quality?verdict=failed", "viewer").text
    assert "rebuilt-1" in text and "search.<wbr>search_<wbr>queries" not in text


@pytest.mark.parametrize("path", ["quality/none", "quality?verdict=none", f"quality/{DRIFTING}?verdict=x"])
def test_what_does_not_exist_is_not_found(pages: Pages, path: str) -> None:
    assert pages.ask(f"/tidemark/{path}", "viewer").status == 404


@pytest.mark.parametrize("skip", ["-1", "x", "99999999999"])
def test_a_number_of_sessions_that_makes_no_sense_is_refused(pages: Pages, skip: str) -> None:
    assert pages.ask(f"{PAGE}?skip={skip}", "viewer").status == 422


def test_a_far_bound_does_not_flatten_a_chart() -> None:
    points = [Point(0.01 + 0.001 * number, 0.01 + 0.001 * number) for number in range(10)]
    near, far = chart(points, None, 0.02, ""), chart(points, None, 3.0, "")
    assert 'class="limit"' in near and 'class="limit"' not in far
    heights = [float(y) for y in re.findall(r",([0-9.]+)", far.partition('class="course"')[2].partition("/>")[0])]
    assert max(heights) - min(heights) > HEIGHT / 2


def test_a_chart_of_equal_numbers_lies_in_the_middle() -> None:
    drawn = chart([Point(7, 7)] * 3, None, None, "")
    heights = {float(y) for y in re.findall(r",([0-9.]+)", drawn)}
    assert len(heights) == 1 and 0 < heights.pop() < HEIGHT
