"""The split of a training run, as a section of its report."""

from collections.abc import Mapping, Sequence
from typing import Any

from ranking.report import charts
from ranking.report.page import facts, figure, grid, section

PARTS = ("train", "valid", "gap", "test", "dropped")
SCHEMES = {
    "global temporal": "Training windows end before the test window begins, for all queries at once, as in production.",
    "temporal stratified": "The newest lists of each query are the test. Each query is divided by design, and training "
    "has lists of other queries from the same days.",
    "leave last out": "The last list of each query is the test. Each query is divided by design, and training has "
    "lists of other queries from the same days.",
    "stratified": "A random share of the lists of each query is the test. Time is ignored, so the future leaks into "
    "training, and nothing is promoted.",
    "random": "Lists are drawn at random. Time is ignored, so the future leaks into training, and nothing is promoted.",
}
MOST_LISTS = 20


def split(results: Mapping[str, Any]) -> str:
    """Return the section with the cuts and the sizes of the parts, the scheme, and the lists that were left out."""
    found = results["split"]
    if not found["cuts"]:
        return section("Split", "<p>No cut yet.</p>")
    rows = [
        [name, *(f"{part[key]:,}" for key in ("rows", "groups", "queries", "relevant_queries"))]
        for name, part in sorted(found["parts"].items(), key=lambda entry: PARTS.index(entry[0]))
    ]
    table = grid(["part", "examples", "lists", "queries", "with a label ≥ 1"], rows)
    why = (
        f"Each bar is the window of a label; the dot is the day of its features. {SCHEMES[found['scheme']]} "
        "<em>gap</em> windows reach into the time before the test. <em>valid</em> are training windows of held-out "
        "queries, which decide when to stop."
    )
    body = figure(charts.timeline(found["cuts"]), why) + table + _clusters(found)
    body += _left_out(results.get("left_out") or [])
    return section(f"Split: {found['scheme']}", body)


def _clusters(found: Mapping[str, Any]) -> str:
    """Return the rules about queries of the test that training lacks. Rows from before version 0.3 do not have them."""
    if "settings" not in found:
        return ""
    chosen = found["settings"]
    values = {
        "Unseen queries": f"{found['unseen_queries']:,} of the test; unseen: {chosen['unseen']}",
        "Gap before the test": chosen["gap"],
        "Held out": "whole queries" if chosen["disjoint"] != "none" else "no queries",
    }
    return facts(values)


def _left_out(lists: Sequence[Mapping[str, Any]]) -> str:
    """Return the lists that were too long to train on, longest first. Rows from before version 0.2 do not have them."""
    if not lists:
        return ""
    total = sum(each["left_out"] for each in lists)
    longest = sorted(lists, key=lambda each: (-each["rows"], each["application"], each["query"], each["window_end"]))
    rows = [
        [f"{each['query']}\n{each['application']}, window until {each['window_end']}", f"{each['rows']:,}",
         f"{each['left_out']:,}"]
        for each in longest[:MOST_LISTS]
    ]  # fmt: skip
    more = f" The longest {MOST_LISTS}:" if len(lists) > MOST_LISTS else ""
    why = (
        f"<h3>Left out</h3><p>{len(lists):,} list(s) have more examples than LightGBM accepts in one list; the "
        f"{total:,} with the least evidence were left out of the training. Tests and scores use all.{more}</p>"
    )
    return why + grid(["query", "examples", "left out"], rows)
