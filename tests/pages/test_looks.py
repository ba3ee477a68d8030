"""What the check of the pages in a browser sees, in a real browser: each fault, and no fault where there is none."""

from __future__ import annotations

from collections.abc import Iterator

import pytest
from playwright.sync_api import Page, sync_playwright

from tests.hosted import chromium
from tests.hosted.looks import faults
from tidemark.airflow.pages import html
from tidemark.settings import CHECKOUT

pytestmark = pytest.mark.services

SHEETS = (CHECKOUT / "jobs/tidemark/audit/style.css", CHECKOUT / "jobs/tidemark/airflow/pages/style.css")
LONG = "a_very_long_name_of_a_dataset_without_any_blank.and_of_its_check_that_goes_on_and_on"


@pytest.fixture(scope="module")
def page() -> Iterator[Page]:
    program = chromium.find_browser()
    if program is None:
        pytest.skip(f"there is no Chromium; {chromium.HOW}")
    with sync_playwright() as playwright:
        browser = playwright.chromium.launch(executable_path=program, args=["--no-sandbox"])
        yield browser.new_page(viewport={"width": 390, "height": 844})
        browser.close()


def seen(page: Page, body: str) -> str:
    page.set_content(f"<!doctype html><body>{body}</body>")
    return "; ".join(faults(page))


@pytest.mark.parametrize(
    ("body", "fault"),
    [
        ("<div style='width: 700px'>wide</div>", "reaches beyond the screen: div to 70"),
        ("<div style='overflow-x: auto'><table style='width: 700px'><td>x</table></div>", "reaches beyond the screen"),
        (
            "<p style='width: 50px; overflow: hidden; white-space: nowrap'>more than fits</p>",
            "is cut off: p: more than",
        ),
        ("<p style='font-size: 5px'>tiny</p>", "is too small to read: tiny"),
        (
            "<svg viewBox='0 0 1000 50' style='width: 300px'><text y='20' font-size='14'>shrunk</text></svg>",
            "is too small to read: shrunk",
        ),
    ],
)
def test_a_fault_is_seen(page: Page, body: str, fault: str) -> None:
    assert fault in seen(page, body)


def test_a_page_that_fits_has_no_fault_and_a_figure_may_scroll(page: Page) -> None:
    scrolls = (
        "<figure style='overflow-x: auto; margin: 0'><svg style='width: 560px' viewBox='0 0 560 9'></svg></figure>"
    )
    assert seen(page, f"<p>fits</p>{scrolls}") == ""


def test_our_tables_facts_and_cards_fit_a_phone_whatever_they_hold(page: Page) -> None:
    table = html.table({LONG: LONG, "b": ""}, [(f'<span class="code">{LONG}</span>', LONG), (html.badge(LONG, ""), "")])
    parts = (
        table,
        html.facts({LONG: LONG}),
        html.items([LONG]),
        html.tile("1", LONG),
        html.tile(LONG, LONG, "named"),
        f"<h1>{LONG}</h1>",
        f'<div class="cards"><article><h3>{LONG}</h3>{table}</article></div>',
        f'<div class="charts"><article><h3>{LONG}</h3><p>{LONG}</p></article></div>',
    )
    style = "".join(sheet.read_text(encoding="utf-8") for sheet in SHEETS)
    assert seen(page, f"<style>{style}</style><main>{''.join(parts)}</main>") == ""
