"""Wins and losses, the overlap of the lists, and the lists that changed most, as a section of the report."""

from collections.abc import Mapping
from typing import Any

from ranking.report.page import folded, grid, section, tiles
from ranking.training.evaluation import TITLES
from ranking.training.gate import NAMES
from ranking.training.overlap import DEPTH

Titles = Mapping[tuple[str, str], str]
"""The titles of items, by application and item."""

OVERLAP_IS = (
    "Rank-biased overlap (Webber, Moffat and Zobel, 2010; persistence .9) is 1 for equal orders, and counts the top of "
    "a list most."
)
LEGEND = "Below each item: our label, the human grade if there is one, and long clicks of expected examinations."
LONGEST = 60
"""Characters of an item's name that are shown."""


def changes(results: Mapping[str, Any], titles: Titles) -> str:
    """Return the section, or an empty text for a row without it: no rival, or an earlier version."""
    found = results.get("changes")
    if not found:
        return ""
    rival = TITLES[found["rival"]]
    body = _wins(found) + _churn(found["churn"]) + _lists(found, rival, titles)
    return section(f"What changes, against the {rival}", body)


def _wins(found: Mapping[str, Any]) -> str:
    queries = found["queries"]
    total = sum(queries.values()) or 1
    tones = {"better": "up", "worse": "down", "equal": ""}
    shown = [(f"{queries[name]:,}", f"{name} ({queries[name] / total:.0%})", tone) for name, tone in tones.items()]
    return f"<p>Queries by nDCG@10 and {NAMES[found['yardstick']]}:</p>" + tiles(shown)


def _churn(found: Mapping[str, Any]) -> str:
    shown = [
        (f"{found['top_in_common']:.0%}", "of a top ten in common", ""),
        (f"{found['top_in_common_by_traffic']:.0%}", "the same, by traffic", ""),
        (f"{found['rank_biased']:.2f}", "rank-biased overlap", ""),
        (f"{found['rank_biased_by_traffic']:.2f}", "the same, by traffic", ""),
    ]
    return f"<p>Mean over {found['lists']:,} test lists:</p>{tiles(shown)}<p class=note>{OVERLAP_IS}</p>"


def _lists(found: Mapping[str, Any], rival: str, titles: Titles) -> str:
    if not found["lists"]:
        return "<p>No list changed.</p>"
    shown = "".join(folded(_summary(each), _list(each, rival, titles)) for each in found["lists"])
    return f"<h3>The lists that changed most</h3><p>Least rank-biased overlap first; open one to compare.</p>{shown}"


def _summary(each: Mapping[str, Any]) -> str:
    gained = "not judged" if each["gained"] is None else f"nDCG@10 {each['gained']:+.3f}"
    return f"{each['query']} ({each['application']}): overlap {each['rank_biased']:.2f}, {gained}"


def _list(each: Mapping[str, Any], rival: str, titles: Titles) -> str:
    """Return the first places of both orders side by side."""
    by_place: dict[str, dict[int, Mapping[str, Any]]] = {
        who: {item[who]: item for item in each["items"] if item[who] <= DEPTH} for who in ("theirs", "ours")
    }
    rows = [
        [place, *(_item(by_place[who].get(place), who, each["application"], titles) for who in ("theirs", "ours"))]
        for place in sorted({*by_place["theirs"], *by_place["ours"]})
    ]
    return grid(["#", rival, "this ranker"], rows) + f"<p class=note>{LEGEND} Window until {each['window_end']}.</p>"


def _item(item: Mapping[str, Any] | None, who: str, application: str, titles: Titles) -> str:
    if item is None:
        return ""
    title = titles.get((application, item["item_id"]))
    name = f"{title} ({item['item_id']})" if title else str(item["item_id"])
    grade = f", grade {item['grade']:g}" if item["grade"] is not None else ""
    clicks = f"{item['long_clicks']:,} of {item['examination']:,.0f}"
    came = f"from {item['theirs']}: " if who == "ours" and item["theirs"] != item["ours"] else ""
    return f"{_one_line(name)}\n{came}label {item['label']:.1f}{grade}, {clicks}"


def _one_line(name: str) -> str:
    text = " ".join(name.split())
    return text if len(text) <= LONGEST else f"{text[: LONGEST - 1]}…"
