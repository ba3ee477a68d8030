"""What a ranker is worth, as sections of its report."""

from collections.abc import Mapping, Sequence
from typing import Any

from ranking.report import charts
from ranking.report.page import figure, grid, section

RANKERS = {
    "ours": "this ranker",
    "champion": "champion",
    "logged_order": "logged order",
    "popularity": "popularity",
}
VIEWS = {"warm": "warm", "mixed": "mixed", "cold": "cold"}
METRICS = {"ndcg@10": "nDCG@10", "ndcg@5": "nDCG@5", "ndcg@1": "nDCG@1", "map": "MAP", "mrr": "MRR"}
VIEWS_ARE = (
    "<p><em>Warm</em> lists have behaviour, in <em>cold</em> ones all of it is hidden, in <em>mixed</em> ones that "
    "of 30 % of the items, as if they were new.</p>"
)
YARDSTICKS = {
    "exam": ("Exam grades", "Human grades of the queries whose grades trained nothing. The first judge."),
    "behaviour": ("Later behaviour", "Long clicks per examination in the test window, of shown pairs only."),
    "label": ("Our own labels", "For information: labels train a ranker, they never judge it."),
}


def worth(told: Mapping[str, Any]) -> str:
    """Each yardstick with every ranker and view it can judge, drawn and in figures."""
    return section(
        "What it is worth",
        VIEWS_ARE
        + "".join(_yardstick(name, told["yardsticks"][name], told["gate"]["yardstick"] == name) for name in YARDSTICKS),
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
        return head + "<p class=note>No query can be judged by it.</p>"
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


def random_split(told: Mapping[str, Any]) -> str:
    """The distance to what a careless split would have reported."""
    other = told.get("random_split")
    if not other:
        return ""
    rows = []
    for name in ("behaviour", "label"):
        there = other[name]["rankers"]["ours"]["warm"]["ndcg@10"]
        here = told["yardsticks"][name]["rankers"]["ours"]["warm"]["ndcg@10"]
        if here and there:
            rows.append([YARDSTICKS[name][0], _figure(here), _figure(there), f"{there[0] - here[0]:+.3f}"])
    why = "<p>The same recipe, split at random. The difference is the leak that would pass for quality.</p>"
    return section(
        "Under a random split", why + grid(["yardstick, nDCG@10", "global temporal", "random", "leak"], rows)
    )
