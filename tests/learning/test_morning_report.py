"""The sections of the report that explain a verdict: what they say, and that rows without them still have a page."""

import json
from typing import Any

from ranking.report.segments import segments
from ranking.training.evaluation import TITLES
from tests.learning.test_report import Page


def segment(name: str, **more: Any) -> dict[str, Any]:
    row = {"segment": name, "kind": "traffic", "share": 0.333, "yardstick": "behaviour", "queries": 80}
    return row | {"difference": [0.01, -0.02, 0.04], "guards": True} | more


def told(*rows: dict[str, Any]) -> dict[str, Any]:
    return {"rival": "champion", "least_queries": 20, "rows": list(rows), "not_recorded": ["device", "language"]}


def test_segments_are_drawn_around_zero_and_the_ones_that_guard_nothing_are_named() -> None:
    few = segment("tail queries", queries=3, guards=False)
    none = segment("<b>help</b>", queries=0, difference=None, guards=False)
    page = Page(segments({"segments": told(segment("head queries"), few, none)}))
    assert f"By segment, against the {TITLES['champion']}" in page.texts
    assert {"+0.010", "-0.020 to +0.040", "80 queries", "33%", "none"} <= set(page.texts)
    assert "Guard nothing, with fewer than 20 queries: tail queries, <b>help</b>." in page.texts
    assert "Not by device or language: training_examples does not hold it." in page.texts
    assert page.tags.count("circle") == 2
    assert "b" not in page.tags


def test_a_row_without_segments_has_no_such_section() -> None:
    assert segments(json.loads('{"format": 1}')) == ""
