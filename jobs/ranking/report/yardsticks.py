"""The evaluation of a ranker, as sections of its report."""

from collections.abc import Mapping, Sequence
from typing import Any

from ranking.report import charts
from ranking.report.page import figure, grid, section
from ranking.training import evaluation

RANKERS = evaluation.TITLES
VIEWS = {"warm": "warm", "mixed": "mixed", "cold": "cold"}
METRICS = {"ndcg@10": "nDCG@10", "ndcg@5": "nDCG@5", "ndcg@1": "nDCG@1", "map": "MAP", "mrr": "MRR"}
VIEWS_ARE = (
    "<p><em>Warm</em>: all features are known. <em>Cold</em>: the behaviour features are hidden. <em>Mixed</em>: they "
    "are hidden for 30 % of the items, as if these were new.</p>"
)
YARDSTICKS = {
    "exam": (
        "Exam grades",
        "Human grades of queries whose grades are not used for training. This yardstick judges first.",
    ),
    "behaviour": (
        "Later behaviour",
        "Long clicks per examination in the test window, smoothed towards the query's rate, for shown pairs only.",
    ),
    "label": ("Our own labels", "For information only: labels train a ranker but never judge it."),
}


def yardsticks(results: Mapping[str, Any]) -> str:
    """Return each yardstick with all rankers and views, as a chart and a table."""
    return section(
        "Evaluation",
        VIEWS_ARE
        + "".join(
            _yardstick(name, results["yardsticks"][name], results["gate"]["yardstick"] == name) for name in YARDSTICKS
        ),
    )


def _yardstick(name: str, found: Mapping[str, Any], decided: bool) -> str:
    title, why = YARDSTICKS[name]
    mark = " <span class=tag>decided</span>" if decided else ""
    lines = [
        (RANKERS[who], VIEWS[view], values)
        for who in RANKERS
        if who in found["rankers"]
        for view, values in _views(found["rankers"][who])
        if values["ndcg@10"]
    ]
    head = f"<h3>{title}{mark}</h3><p>{why} {found['queries']:,} queries, {found['pairs']:,} pairs.</p>"
    if not lines:
        return head + "<p class=note>This yardstick can judge no query.</p>"
    ours = RANKERS["ours"]
    drawn = [charts.Whisker(_named(who, view), who == ours, *values["ndcg@10"]) for who, view, values in lines]
    rows = [[_named(who, view), *(_figure(values[metric]) for metric in METRICS)] for who, view, values in lines]
    return (
        head
        + figure(charts.whiskers(drawn), "nDCG@10, mean and 95 % interval over queries")
        + grid(["ranker", *METRICS.values()], rows)
    )


def _views(views: Mapping[str, Any]) -> list[tuple[str, Any]]:
    return [(view, views[view]) for view in VIEWS if view in views]


def _named(who: str, view: str) -> str:
    return who if who in (RANKERS["logged_order"], RANKERS["popularity"]) else f"{who}, {view}"


def _figure(values: Sequence[float] | None) -> str:
    return f"{values[0]:.3f}\n{values[1]:.3f} to {values[2]:.3f}" if values else "none"


def random_split(results: Mapping[str, Any]) -> str:
    """Return the comparison with the score under a random split, or an empty text if it was not computed."""
    other = results.get("random_split")
    if not other:
        return ""
    rows = []
    for name in ("behaviour", "label"):
        there = other[name]["rankers"]["ours"]["warm"]["ndcg@10"]
        here = results["yardsticks"][name]["rankers"]["ours"]["warm"]["ndcg@10"]
        if here and there:
            rows.append([YARDSTICKS[name][0], _figure(here), _figure(there), f"{there[0] - here[0]:+.3f}"])
    why = (
        "<p>The same recipe under a random split of the same lists. The difference is a leak of the future that people "
        "fool themselves with, not quality.</p>"
    )
    scheme = str(results["split"]["scheme"])
    return section("Under a random split", why + grid(["yardstick, nDCG@10", scheme, "random", "leak"], rows))
