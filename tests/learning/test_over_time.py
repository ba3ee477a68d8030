"""The pages about rankers: what they link to, which titles they show, and all rankers over time."""

import json
from datetime import date, datetime
from typing import Any

from ranking.report import nightly
from ranking.report.over_time import MOST, render_over_time
from ranking.training.champion import read_standing
from tests.learning.test_morning_report import changed
from tests.learning.test_report import Page, row


def ranker(version: int, promoted: bool = False, ndcg: float | None = 0.6, **more: Any) -> dict[str, Any]:
    """Return a row of `rankers` with the metrics that the pages read."""
    warm = {"ndcg@10": [ndcg, ndcg - 0.02, ndcg + 0.02] if ndcg else None}
    found = {"rankers": {"ours": {"warm": warm}}, "queries": 50, "pairs": 500}
    gate = {"difference": {"mean": 0.012, "low": -0.01, "high": 0.034, "count": 512}, "rival": "champion"}
    metrics = {"format": 1, "yardsticks": {"behaviour": found}, "gate": gate | {"yardstick": "behaviour"}}
    verdict = "Promoted: it is better." if promoted else "Refused: it is worse."
    base = {"model_version": f"r{version}", "version": version, "promoted": promoted, "verdict": verdict}
    return (
        base | {"sha256": f"{version:064x}", "metrics": json.dumps(metrics), "tested_through": date(2026, 4, 12)} | more
    )


def over_time(rows: list[dict[str, Any]], pages: frozenset[str] = frozenset(), decisions: Any = ()) -> Page:
    return Page(render_over_time(rows, read_standing(rows, decisions), pages))


def test_every_ranker_is_listed_newest_first_with_its_verdict_and_difference() -> None:
    page = over_time([ranker(1, promoted=True), ranker(2), ranker(3)])
    names = [text.strip() for text in page.texts if text.startswith("Ranker ")]
    assert names == ["Ranker 3", "Ranker 2", "Ranker 1"]
    assert {"Promoted", "Refused", "+0.012", "-0.010 to +0.034"} <= set(page.texts)
    assert "against champion, 512 queries by later behaviour" in page.texts
    assert any(text.startswith("Champion: r1. Promoted: it is better.") for text in page.texts)
    assert page.tags.count("circle") == 3
    assert page.tags.count("polyline") == 1


def test_the_champion_is_marked_and_who_was_champion_too() -> None:
    rows = [ranker(1, promoted=True), ranker(2, promoted=True), ranker(3)]
    page = over_time(rows)
    assert (page.texts.count("was champion"), page.texts.count("champion")) == (1, 2), "in the chart and in the table"
    back = {"decision_id": "d1", "decided_at": datetime(2026, 4, 13), "action": "rollback", "model_version": "r1"}
    rolled = over_time(rows, decisions=[back | {"after_version": 3, "reason": "it is bad", "decided_by": "ada"}])
    assert any("Champion: r1. served again after a rollback by ada" in text for text in rolled.texts)


def test_only_reports_that_exist_are_linked() -> None:
    page = over_time([ranker(1), ranker(2)], frozenset({"r2.html"}))
    assert page.links == ["index.html", "r2.html"]


def test_rows_of_another_format_or_without_a_test_are_listed_but_not_drawn() -> None:
    foreign = ranker(1, metrics=json.dumps({"format": 99, "yardsticks": "?"}), verdict="Promoted: <i>x</i>")
    nothing = ranker(2, ndcg=None, sha256=None, tested_through=None, verdict="Too little traffic: none.")
    page = over_time([foreign, nothing])
    assert {"Ranker 1", "Ranker 2", "none", "nothing tested", "Too little traffic"} <= set(page.texts)
    assert "svg" not in page.tags
    assert "i" not in page.tags
    assert any("No ranker is the champion yet." in text for text in page.texts)


def test_of_many_rankers_the_newest_are_shown() -> None:
    page = over_time([ranker(number) for number in range(1, MOST + 6)])
    assert f"The newest {MOST} of {MOST + 5}." in page.texts
    assert "Ranker 5" not in page.texts
    assert "Ranker 6" in page.texts


class Shelf:
    """Published rows by dataset, and pages that exist."""

    def __init__(self, pages: frozenset[str] = frozenset(), **datasets: list[dict[str, Any]]) -> None:
        self.datasets, self.pages = datasets, pages

    def rows(self, dataset: str, columns: tuple[str, ...] = ("*",)) -> list[dict[str, Any]]:
        return self.datasets.get(dataset.partition(".")[2], [])

    def newest(self, dataset: str, column: str) -> list[dict[str, Any]]:
        found = self.rows(dataset)
        return [each for each in found if each[column] == max(other[column] for other in found)]

    def rows_with(self, dataset: str, column: str, values: Any, columns: Any) -> list[dict[str, Any]]:
        return [each for each in self.rows(dataset) if each[column] in set(values)]

    def written(self) -> frozenset[str]:
        return self.pages


def test_without_a_ranker_there_is_no_page() -> None:
    assert nightly.render_pages(Shelf()) == {}


def test_the_newest_report_has_two_names_and_links_to_the_one_before_and_to_all() -> None:
    rankers = [ranker(1), ranker(2), row(version=3, model_version="r3")]
    pages = nightly.render_pages(Shelf(frozenset({"r1.html", "rankers.html"}), rankers=rankers))
    assert set(pages) == {"r3.html", "index.html", "rankers.html"}
    assert pages["r3.html"] == pages["index.html"]
    report = Page(pages["index.html"])
    assert report.links == ["rankers.html", "r1.html"], "there is no page of ranker 2"
    assert "Ranker 1" in report.texts
    assert "r3.html" in Page(pages["rankers.html"]).links


def test_titles_are_the_newest_ones_of_the_items_shown() -> None:
    def item(application: str, name: str, day: int, **attributes: Any) -> dict[str, Any]:
        held = {"application": application, "item_id": name, "valid_from": datetime(2026, 4, day)}
        return held | {"attributes": json.dumps(attributes)}

    items = [
        item("shop", "i1", 9, title="New boots"),
        item("shop", "i1", 2, title="Old boots"),
        item("shop", "<i>2", 1, price=3.0, title=7),
        item("shop", "i9", 1, title="Not shown"),
    ]
    shown = row(told={"changes": changed()})
    assert nightly.find_titles(Shelf(catalog_items=items), shown) == {("shop", "i1"): "New boots"}
    assert nightly.find_titles(Shelf(catalog_items=items), row()) == {}
    named = nightly.find_titles(Shelf(catalog_items=[item("shop", "i1", 1, product_title="Boots")]), shown)
    assert named == {("shop", "i1"): "Boots"}
