"""Runbooks are pages: what an alert names can be read in the browser, and leads on to other runbooks only."""

from __future__ import annotations

import re
from pathlib import Path

import pytest

from tests.pages.conftest import Pages
from tidemark.airflow.pages.runbooks import FOLDER, runbook_page
from tidemark.operate.alerts.alert import Alert, Kind

NAMES = sorted(path.stem for path in FOLDER.glob("*.md"))


@pytest.mark.parametrize("name", NAMES)
def test_every_runbook_is_shown_and_leads_only_to_pages_that_exist(name: str) -> None:
    text = runbook_page(name, "/t/", [])
    assert text is not None and "<h1>" in text
    served = {"/t/runbooks", *(f"/t/runbooks/{each}" for each in NAMES)}
    section = text.partition('<section class="runbook">')[2]
    assert {link for link in re.findall(r'href="([^"]*)"', section) if not link.startswith("https://")} <= served


@pytest.mark.parametrize("kind", list(Kind))
def test_the_runbook_of_an_alert_has_the_address_that_the_message_names(kind: Kind) -> None:
    said = Alert(kind, "search.a", "why", "next").facts("http://h/tidemark/")["runbook"]
    path, address = said.split(", ")
    assert (FOLDER.parents[1] / path).exists()
    assert runbook_page(address.removeprefix("http://h/tidemark/runbooks/"), "/t/", []) is not None


def test_html_in_a_runbook_is_escaped_and_other_documents_are_not_linked(tmp_path: Path) -> None:
    (tmp_path / "odd.md").write_text("# Odd\n\n<b onclick=x>\n\n[a](../tour.md) [b](odd.md#x) [c](javascript:x)\n")
    text = runbook_page("odd", "/t/", [], tmp_path)
    assert text is not None
    assert "<b onclick" not in text and "&lt;b onclick=x&gt;" in text
    assert "<a>a</a>" in text and '<a href="/t/runbooks/odd">b</a>' in text
    assert 'href="javascript' not in text


def test_each_value_of_a_table_names_its_column_for_narrow_screens(tmp_path: Path) -> None:
    (tmp_path / "odd.md").write_text("# Odd\n\n| a<b | c |\n|---|---|\n| 1 | 2 |\n| 3 | 4 |\n\n| d |\n|---|\n| 5 |\n")
    text = runbook_page("odd", "/t/", [], tmp_path) or ""
    assert text.count('<table class="cards-on-phone">') == 2
    cells = re.findall(r'<td data-label="([^"]*)">(\d)</td>', text)
    assert cells == [("a&lt;b", "1"), ("c", "2"), ("a&lt;b", "3"), ("c", "4"), ("d", "5")]


@pytest.mark.parametrize("name", ["none", "../tour", "", ".", "odd.md", "*"])
def test_no_other_name_is_a_runbook(name: str) -> None:
    assert runbook_page(name, "/t/", []) is None


@pytest.mark.dags
@pytest.mark.services
@pytest.mark.parametrize(
    ("path", "status"),
    [("runbooks", 200), ("runbooks/audit-failed", 200), ("runbooks/none", 404), ("runbooks/..%2ftour", 404)],
)
def test_runbooks_are_served_to_people_who_are_logged_in(pages: Pages, path: str, status: int) -> None:
    assert pages.ask(f"/tidemark/{path}", "viewer").status == status
    assert pages.ask(f"/tidemark/{path}").status == 401
