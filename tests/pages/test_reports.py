"""Only pages and style sheets that lie in the folder `reports` are served, however a path is written."""

from __future__ import annotations

import re
from pathlib import Path

import pytest

from tests.pages.conftest import Pages
from tests.pages.lake import OUTSIDE
from tidemark.airflow.pages.reports import find_report, with_navigation

pytestmark = [pytest.mark.dags, pytest.mark.services]


@pytest.mark.parametrize(
    "path",
    [
        "../secret/page.html",
        "data-docs/../../secret/page.html",
        "..%2fsecret%2fpage.html",
        "%2e%2e/secret/page.html",
        "%2e%2e%2fsecret%2fpage.html",
        "%252e%252e/secret/page.html",
        "..%5csecret%5cpage.html",
        "data-docs/..%00/page.html",
        "/{home}/secret/page.html",
        "%2f{home}%2fsecret%2fpage.html",
        "../reports-other/page.html",
        "..;/secret/page.html",
        "data-docs/linked/page.html",
        "data-docs/linked.html",
        "data-docs/loop.html",
        "data-docs",
        "data-docs/",
        "",
        "data-docs/search.interactions/rebuilt-1/summary.json",
        "data-docs/index.html%00.css",
        "data-docs/" + "x" * 5000 + ".html",
    ],
)
def test_a_path_that_leads_elsewhere_is_not_served(pages: Pages, path: str) -> None:
    answer = pages.ask("/tidemark/reports/" + path.replace("{home}", str(pages.home)), "admin")
    assert answer.status == 404
    assert OUTSIDE not in answer.text


@pytest.mark.parametrize("name", ["data-docs/index.html", "data-docs/inside.html", "models/index.html"])
def test_pages_in_the_folder_are_served(pages: Pages, name: str) -> None:
    answer = pages.ask(f"/tidemark/reports/{name}", "viewer")
    assert (answer.status, answer.headers["content-type"]) == (200, "text/html; charset=utf-8")


def test_a_page_gets_our_navigation_and_leads_to_the_session_that_it_is_about(pages: Pages) -> None:
    audit = pages.ask("/tidemark/reports/data-docs/search.interactions/rebuilt-1/index.html", "viewer").text
    links = re.findall(r'href="([^"]*)"', audit)
    assert {"/tidemark/", "/tidemark/sessions/rebuilt-1", "/tidemark/quality/search.interactions"} <= set(links)
    assert all(pages.ask(link, "viewer").status == 200 for link in links)
    ranker = pages.ask("/tidemark/reports/models/index.html", "viewer").text
    assert 'href="/tidemark/"' in ranker and "This session" not in ranker


def test_a_name_in_the_navigation_is_encoded() -> None:
    shown = with_navigation("<main>x</main>", "data-docs/a&b/<s>/index.html", "/t/", ())
    assert 'href="/t/sessions/%3Cs%3E"' in shown and "<s>" not in shown and "a&amp;b</a>" in shown
    assert with_navigation("no main", "models/index.html", "/t/", ()) == "no main"


def test_style_sheets_in_the_folder_are_served(pages: Pages) -> None:
    answer = pages.ask("/tidemark/reports/data-docs/style.css", "viewer")
    assert (answer.status, answer.headers["content-type"]) == (200, "text/css; charset=utf-8")


def test_a_home_without_reports_serves_none(tmp_path: Path) -> None:
    assert find_report(tmp_path / "reports", "data-docs/index.html") is None
