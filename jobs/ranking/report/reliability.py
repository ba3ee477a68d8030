"""The reliability diagram of our labels: what they say, against human grades that they never saw."""

from collections.abc import Mapping, Sequence
from typing import Any

from ranking.report.charts import Axis, svg, text
from ranking.report.page import facts, figure, grid, section

LEFT, RIGHT, TOP, BOTTOM = 60, 390, 14, 294
TITLE = "Labels against human grades"


def reliability(results: Mapping[str, Any]) -> str:
    """Return the section; an empty text for a row of an earlier version, which did not measure it."""
    if "reliability" not in results:
        return ""
    found = results["reliability"]
    if found is None:
        return section(
            TITLE,
            "<p>No pair of an exam query in the test window has a human grade, so the labels cannot be checked. "
            "<code>tidemark to-grade N</code> draws pairs for people to grade.</p>",
        )
    caption = (
        "Each dot is a bin of pairs with similar labels: the mean human grade with its 95 % interval. Below the dashed "
        "line, labels are too high. The grades are those of exam queries, which no label has learnt from."
    )
    bins = [
        [f"{each['label']:.2f}", f"{each['grade']:.2f}\n{each['low']:.2f} to {each['high']:.2f}", f"{each['pairs']:,}"]
        for each in found["bins"]
    ]
    table = grid(["mean label", "mean grade", "pairs"], bins, whole=True)
    return section(TITLE, facts(_errors(found)) + figure(_diagram(found["bins"]), caption) + table)


def _errors(found: Mapping[str, Any]) -> dict[str, str]:
    bands = {f"With {band['band']}": f"{_error(band)} ({band['pairs']:,} pairs)" for band in found["bands"]}
    return {
        "Graded": f"{found['pairs']:,} pairs of {found['queries']:,} exam queries",
        "Calibration error": _with_chance(found),
        **bands,
    }


def _error(found: Mapping[str, Any]) -> str:
    return "too few pairs" if found["error"] is None else f"{found['error']:.2f}"


def _with_chance(found: Mapping[str, Any]) -> str:
    if found["error"] is None:
        return _error(found)
    return (
        f"{_error(found)} grades, after {found['chance']:.2f} was subtracted that chance alone makes with so few pairs"
    )


def _diagram(bins: Sequence[Mapping[str, float]]) -> str:
    """Draw the bins on a square from grade 0 to 4, with the line on which labels equal grades."""
    x, y = Axis(0, 4, LEFT, RIGHT), Axis(0, 4, BOTTOM, TOP)
    body = [f'<line class="mark" x1="{x(0)}" y1="{y(0)}" x2="{x(4)}" y2="{y(4)}"/>']
    for grade in range(5):
        body += [
            f'<line class="grid" x1="{LEFT}" x2="{RIGHT}" y1="{y(grade)}" y2="{y(grade)}"/>',
            text(LEFT - 10, y(grade) + 4, str(grade), "end"),
            text(x(grade), BOTTOM + 18, str(grade), "middle"),
        ]
    for each in bins:
        place = x(each["label"])
        body += [
            f'<line class="whisker strong" x1="{place}" x2="{place}" y1="{y(each["low"])}" y2="{y(each["high"])}"/>',
            f'<circle class="mean strong" cx="{place}" cy="{y(each["grade"])}" r="5"/>',
        ]
    body += [text((LEFT + RIGHT) / 2, BOTTOM + 38, "label", "middle"), text(0, (TOP + BOTTOM) / 2 + 24, "grade")]
    return svg(BOTTOM + 48, body, TITLE)
