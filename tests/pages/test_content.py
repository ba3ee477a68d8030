"""What the pages show, and that nothing from outside is shown as markup."""

from __future__ import annotations

import html
import re

import pytest

from tests.pages.audits import FAILING_SESSION
from tests.pages.conftest import Pages
from tests.pages.lake import DAYS, HOSTILE, LANDED, REBUILT

pytestmark = [pytest.mark.dags, pytest.mark.services]


@pytest.mark.parametrize("path", ["", "sessions", "sessions/landed-1", "sessions/rebuilt-1"])
def test_names_and_reasons_are_escaped(pages: Pages, path: str) -> None:
    assert HOSTILE not in pages.ask(f"/tidemark/{path}", "viewer").text


def test_the_status_page_tells_the_failed_audit_and_leads_to_its_session(pages: Pages) -> None:
    text = pages.ask("/tidemark/", "viewer").text
    row = re.search(rf"<tr>(?:(?!</tr>).)*{re.escape(REBUILT)}(?:(?!</tr>).)*rebuilt-1.*?</tr>", text, re.S)
    assert row is not None
    assert "not published: its audit failed" in row.group()
    assert 'href="/tidemark/sessions/rebuilt-1"' in row.group()


def test_every_time_says_by_which_clock(pages: Pages) -> None:
    text = pages.ask("/tidemark/", "viewer").text
    heads = dict(re.findall(r"<th>([^<]*)<small>([^<]*)</small></th>", text))
    timeless = ("Dataset", "Last session", "Remarks", "Step", "Session", "Run", "DAG", "State")
    clocks = {title: remark for title, remark in heads.items() if title not in timeless}
    assert clocks == {
        "Since": "wall clock",
        "Data through": "logical time",
        "Began": "wall clock",
        "Ended": "wall clock",
        "Complete through": "logical time",
        "Behind now": "wall clock",
        "Audited": "wall clock",
        "Clock of the run": "logical time",
    }


def test_the_page_of_a_session_shows_all_of_its_plan(pages: Pages) -> None:
    text = html.unescape(pages.ask("/tidemark/sessions/rebuilt-1", "viewer").text)
    assert all(f"<li>{day}</li>" in text for day in DAYS)
    assert HOSTILE in text, "the reason"
    landed = html.unescape(pages.ask("/tidemark/sessions/landed-1", "viewer").text)
    assert all(f"{number:064x}" in landed for number in range(7))


def test_the_page_of_a_session_leads_to_its_audit_and_to_the_logs_of_its_tasks(pages: Pages) -> None:
    text = pages.ask("/tidemark/sessions/rebuilt-1", "viewer").text
    links = re.findall(r'href="([^"]*)"', text)
    audit = f"/tidemark/reports/data-docs/{REBUILT}/rebuilt-1/index.html"
    assert audit in links and pages.ask(audit, "viewer").status == 200
    run = "/dags/build_interactions/runs/manual__%3Cscript%3Ealert%28%27%26%27%29%3C%2Fscript%3E"
    assert {run, f"{run}/tasks/interactions.write_audit_publish"} <= set(links)


def test_the_page_of_a_session_shows_the_checks_that_failed_and_what_to_do_next(pages: Pages) -> None:
    text = html.unescape(pages.ask("/tidemark/sessions/rebuilt-1", "viewer").text)
    assert "What did not pass" in text and "correct the cause, then clear the failed task" in text
    mended = html.unescape(pages.ask(f"/tidemark/sessions/{FAILING_SESSION}", "viewer").text)
    assert "What did not pass" in mended and "position between 1 and 500" in mended
    assert 'passed since</span> in session <a href="/tidemark/sessions/drift-15"' in mended
    assert "Next:" not in mended and "If its rows are still wanted:" in mended
    passed = html.unescape(pages.ask("/tidemark/sessions/drift-02", "viewer").text)
    assert "What did not pass" not in passed


def test_the_page_of_a_session_says_what_it_left_on_main_and_who_triggered_its_run(pages: Pages) -> None:
    assert "snapshot 2" in pages.ask("/tidemark/sessions/drift-02", "viewer").text
    assert (
        "the same snapshot as before: what it rebuilt holds" in pages.ask("/tidemark/sessions/drift-00", "viewer").text
    )
    running = pages.ask("/tidemark/sessions/open-runs", "viewer").text
    assert "Main after it" not in running and "<dt>Triggered by</dt><dd>ada</dd>" in running
    assert "Triggered by" not in pages.ask("/tidemark/sessions/open-left", "viewer").text


def test_the_list_of_sessions_holds_those_of_one_dataset(pages: Pages) -> None:
    text = pages.ask(f"/tidemark/sessions?dataset={LANDED}", "viewer").text
    assert "landed-1" in text and "rebuilt-1" not in text


def test_the_last_landing_is_accounted_for_in_sum_and_by_file_behind_a_link(pages: Pages) -> None:
    text = html.unescape(pages.ask("/tidemark/", "viewer").text)
    assert "280 taken, 14 late (typically by 1 h, at most by 2 h), 7 doubled, 21 with unmapped action" in text
    assert 'href="/tidemark/sessions/landed-1#records"' in text
    session = html.unescape(pages.ask("/tidemark/sessions/landed-1", "viewer").text)
    records = session.partition('id="records"')[2].partition("</section>")[0]
    assert len(re.findall(rf"queries/{re.escape(HOSTILE)}-\d.jsonl", records)) == 7
    assert 'id="records"' not in pages.ask("/tidemark/sessions/rebuilt-1", "viewer").text


@pytest.mark.parametrize("path", ["sessions/none", "sessions/%27%20OR%201=1", "sessions?dataset=none", "sessions/a/b"])
def test_what_does_not_exist_is_not_found(pages: Pages, path: str) -> None:
    assert pages.ask(f"/tidemark/{path}", "viewer").status == 404
