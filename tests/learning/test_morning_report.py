"""The sections of the report that explain a verdict: what they say, and that rows without them still have a page."""

import json
from typing import Any

from ranking.report.changes import changes
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


def changed(**more: Any) -> dict[str, Any]:
    items = [
        {"item_id": "i1", "ours": 1, "theirs": 12, "label": 3.21, "grade": 4.0, "long_clicks": 7, "examination": 61.4},
        {"item_id": "<i>2", "ours": 11, "theirs": 1, "label": 0.5, "grade": None, "long_clicks": 0, "examination": 0.0},
    ]
    churn = {"lists": 300, "top_in_common": 0.71, "top_in_common_by_traffic": 0.82, "rank_biased": 0.66}
    one = {"application": "shop", "query": "boots", "window_end": "2026-04-12", "rank_biased": 0.31, "gained": -0.05}
    return {
        "rival": "champion", "yardstick": "behaviour", "queries": {"better": 40, "worse": 30, "equal": 30},
        "churn": churn | {"rank_biased_by_traffic": 0.77}, "lists": [one | {"items": items}], **more,
    }  # fmt: skip


def test_lists_stand_side_by_side_with_titles_labels_grades_and_clicks() -> None:
    page = Page(changes({"changes": changed()}, {("shop", "i1"): "Red boots", ("help", "<i>2"): "Other shop"}))
    assert {"40", "better (40%)", "71%", "0.77"} <= set(page.texts)
    assert "boots (shop): overlap 0.31, nDCG@10 -0.050" in page.texts
    assert {"Red boots (i1)", "from 12: label 3.2, grade 4, 7 of 61"} <= set(page.texts)
    assert {"<i>2", "label 0.5, 0 of 0"} <= set(page.texts), "titles are those of the same application"
    assert "i" not in page.tags


def test_a_row_without_changed_lists_says_so_and_an_older_row_has_no_such_section() -> None:
    assert "No list changed." in Page(changes({"changes": changed(lists=[])}, {})).texts
    assert changes({"format": 1}, {}) == ""
