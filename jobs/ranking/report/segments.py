"""The difference from the rival by segments of queries, as a section of the report."""

from collections.abc import Mapping, Sequence
from html import escape
from typing import Any

from ranking.report import charts
from ranking.report.page import figure, grid, section
from ranking.training.evaluation import TITLES
from ranking.training.gate import GUARD

LONGEST_NAME = 24
BY = {"exam": "grades", "behaviour": "behaviour"}
THIRDS = (
    "Head, torso and tail queries each have a third of all examinations in the test windows; head queries are those "
    "that are searched most."
)
RULE = (
    f"A segment refuses the ranker if it loses more than {GUARD} and the upper bound of its difference, corrected for "
    "the number of segments, is below 0."
)


def segments(results: Mapping[str, Any]) -> str:
    """Return the section, or an empty text for a row without segments: no rival, or an earlier version."""
    found = results.get("segments")
    if not found:
        return ""
    rival = TITLES[found["rival"]]
    body = f"<p>This ranker minus the {escape(rival)}, in nDCG@10 with all features known. {THIRDS}</p>"
    shown = [row for row in found["rows"] if row["difference"] and row["queries"] > 1]
    if shown:
        drawn = [charts.Whisker(_short(row["segment"]), row["guards"], *row["difference"]) for row in shown]
        body += figure(
            charts.whiskers(drawn, signed=True),
            f"Mean and 95 % interval over queries. {RULE} Segments with enough queries to do so are bold.",
        )
    body += grid(["segment", "difference", "traffic", "judged by"], [_row(row) for row in found["rows"]], whole=True)
    return section(f"By segment, against the {rival}", body + _notes(found))


def _row(row: Mapping[str, Any]) -> Sequence[str]:
    between = row["difference"]
    mean = f"{between[0]:+.3f}\n{between[1]:+.3f} to {between[2]:+.3f}" if between else "none"
    judge = f"{BY[row['yardstick']]}\n{row['queries']:,} queries"
    return [row["segment"], mean, f"{row['share']:.0%}", judge]


def _notes(found: Mapping[str, Any]) -> str:
    few = [row["segment"] for row in found["rows"] if not row["guards"]]
    lines = [f"Guard nothing, with fewer than {found['least_queries']} queries: {', '.join(few)}."] if few else []
    if found["not_recorded"]:
        lines.append(f"Not by {' or '.join(found['not_recorded'])}: training_examples does not hold it.")
    return "".join(f"<p class=note>{escape(line)}</p>" for line in lines)


def _short(name: str) -> str:
    return name if len(name) <= LONGEST_NAME else f"{name[: LONGEST_NAME - 1]}…"
