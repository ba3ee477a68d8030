"""The report: one page that is rendered from the registry row alone, and is safe for any names in it."""

import json
from html.parser import HTMLParser
from typing import Any

import pytest

from ranking.report import sections
from ranking.training.rankers import DEFAULTS, divide
from ranking.training.scheme import Scheme
from ranking.training.summary import of_parts
from tests.learning import made

UNTRAINED = {"gate": {"power": None, "yardstick": None}, "champion": None}


class Page(HTMLParser):
    """The tags, links and texts of a page."""

    def __init__(self, text: str) -> None:
        super().__init__()
        self.tags: list[str] = []
        self.links: list[str] = []
        self.texts: list[str] = []
        self.feed(text)

    def handle_starttag(self, tag: str, attrs: Any) -> None:
        self.tags.append(tag)
        self.links += [value or "" for name, value in attrs if name in ("href", "src", "onload", "onclick")]

    def handle_data(self, data: Any) -> None:
        self.texts.append(data)


def row(**changes: Any) -> Any:
    rows = made.examples(cuts=6)
    parts = divide(rows, rows.split, DEFAULTS)
    told = {**of_parts(parts, None, Scheme()), **UNTRAINED, **changes.pop("told", {})}
    return {
        "model_version": "r1", "version": 1, "promoted": False, "verdict": "Too little traffic: none.",
        "sha256": None, "features": "[]", "metrics": json.dumps(told), "parameters": "{}",
        "snapshots": json.dumps({"snapshots": {"examples": 12}, "complete_through": {"examples": None}}),
        "trained_from": None, "trained_through": None, "tested_through": None, "training_rows": 0, "test_rows": 600,
        **changes,
    }  # fmt: skip


def test_a_run_that_trained_nothing_still_has_its_page() -> None:
    page = Page(sections.render_report(row()))
    assert {"Too little traffic", "None.", "Labels", "Model card"} <= set(page.texts)
    assert page.tags.count("svg") == 2


def test_nothing_is_loaded_from_outside_and_nothing_runs() -> None:
    page = Page(sections.render_report(row()))
    assert not {"script", "link", "img", "iframe"} & set(page.tags)
    assert page.links == []


def test_names_are_text_and_never_markup() -> None:
    evil = "<script>alert(1)</script>"
    text = sections.render_report(row(model_version=evil, verdict=f"Refused: {evil}", features=json.dumps([evil])))
    assert evil not in text
    assert text.count("&lt;script&gt;") >= 3


def test_the_propensity_curve_is_drawn_when_given() -> None:
    curve = [{"application": "shop", "device": "phone", "position": place, "propensity": place**-0.7,
              "source": "harvested"} for place in range(1, 31)]  # fmt: skip
    page = Page(sections.render_report(row(), curve))
    assert "Position propensities" in page.texts
    assert page.tags.count("polyline") == 1


def test_metrics_of_another_format_are_refused() -> None:
    with pytest.raises(ValueError, match="format 99, but this version reads 1"):
        sections.render_report(row(told={"format": 99}))


def test_the_page_says_which_champion_the_run_met_and_why_it_was_served() -> None:
    why = "served again after a rollback by ada at 2026-04-12T12:00Z: <b>it is bad</b>"
    page = Page(sections.render_report(row(told={"champion": "r0", "champion_why": why})))
    assert f"r0: {why}" in page.texts
    assert "b" not in page.tags
    assert "r0" in Page(sections.render_report(row(told={"champion": "r0"}))).texts, "a row of an earlier version"
