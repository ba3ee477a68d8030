"""All rankers over time, as a page of its own: quality by each yardstick, verdicts, and links to their reports."""

import json
from collections.abc import Mapping, Sequence
from html import escape
from typing import Any

from ranking.report.charts import WIDTH, Axis, apart, svg, text
from ranking.report.links import CURRENT, link, navigation, page_of
from ranking.report.page import figure, page, section, table
from ranking.training.champion import Standing
from ranking.training.evaluation import TITLES
from ranking.training.gate import NAMES
from ranking.training.summary import FORMAT

MOST = 400
"""So many of the newest rankers are shown."""
MOST_TICKS = 6
LEFT, RIGHT, TOP, BOTTOM = 52, WIDTH - 118, 30, 226
NOTE = (
    "nDCG@10 with all features known, by training run. Large dots were promoted by the gate. Test days change from "
    "week to week, so compare rankers by their difference on the same days, which the table shows."
)

Row = Mapping[str, Any]
Points = Sequence[tuple[int, float]]


def render_over_time(rows: Sequence[Row], standing: Standing, pages: frozenset[str]) -> str:
    """Return the page of all rankers, newest first.

    Args:
        rows: The rows of `rankers`, without artifacts, in any order.
        standing: Which of them is the champion, and which were.
        pages: The names of the reports that exist; only these are linked.
    """
    shown = sorted(rows, key=lambda row: -row["version"])[:MOST]
    left_out = f"<p class=note>The newest {MOST} of {len(rows):,}.</p>" if len(rows) > MOST else ""
    champion = standing.champion.model_version if standing.champion else None
    served = f"Champion: {champion}. {standing.explain()}" if champion else "No ranker is the champion yet."
    runs = "1 training run" if len(rows) == 1 else f"{len(rows):,} training runs"
    title = f"<p class=kicker>Rankers over time</p><h1>{runs}</h1><p>{escape(served)}</p>"
    former = {run.model_version for run in (*standing.earlier, *standing.withdrawn)}
    lines = [_line(row, champion, former, pages) for row in shown]
    listed = table(["ranker", "verdict", "difference in nDCG@10"], lines, whole=True)
    body = _quality(shown, champion) + section("Training runs", left_out + listed)
    head = f"{navigation({'Newest ranker': CURRENT})}<header>{title}</header>"
    return page("Rankers over time", head + body)


def _quality(rows: Sequence[Row], champion: str | None) -> str:
    series = {name: _points(rows, name) for name in NAMES}
    known = {NAMES[name]: points for name, points in series.items() if points}
    if not known:
        return ""
    marked = next((row["version"] for row in rows if row["model_version"] == champion), None)
    days = {row["version"]: str(row["tested_through"] or "") for row in rows}
    promoted = frozenset(row["version"] for row in rows if row["promoted"])
    return section("Quality", figure(_chart(known, marked, promoted, days), NOTE))


def _points(rows: Sequence[Row], yardstick: str) -> Points:
    """Return run and nDCG@10 by a yardstick, oldest first, where they are known."""
    found = []
    for row in reversed(rows):
        measured = _results(row).get("yardsticks", {}).get(yardstick, {}).get("rankers", {}).get("ours", {})
        ndcg = measured.get("warm", {}).get("ndcg@10")
        if ndcg:
            found.append((int(row["version"]), float(ndcg[0])))
    return found


def _results(row: Row) -> Mapping[str, Any]:
    """Return the metrics of a row; nothing of a format that this version does not read."""
    found: Mapping[str, Any] = json.loads(row["metrics"])
    return found if found.get("format") == FORMAT else {}


def _chart(
    series: Mapping[str, Points], champion: int | None, promoted: frozenset[int], days: Mapping[int, str]
) -> str:
    values = [value for points in series.values() for _, value in points]
    pad = (max(values) - min(values)) * 0.08 or 0.01
    x, y = Axis(min(days), max(days), LEFT, RIGHT), Axis(min(values) - pad, max(values) + pad, BOTTOM, TOP)
    body = [
        line
        for tick in y.round_ticks()
        for line in (
            f'<line class="grid" x1="{LEFT}" x2="{RIGHT}" y1="{y(tick)}" y2="{y(tick)}"/>',
            text(LEFT - 8, y(tick) + 4, f"{tick:.3g}", "end"),
        )
    ]
    for version in sorted(days if len(days) <= MOST_TICKS else {round(tick) for tick in x.ticks()} & set(days)):
        body += [
            text(x(version), BOTTOM + 18, str(version), "middle"),
            text(x(version), BOTTOM + 34, days[version], "middle"),
        ]
    if champion is not None:
        body += [
            f'<line class="mark" x1="{x(champion)}" x2="{x(champion)}" y1="{TOP - 8}" y2="{BOTTOM}"/>',
            text(x(champion), TOP - 14, "champion", "middle"),
        ]
    ends = apart([y(points[-1][1]) for points in series.values()])
    for number, ((name, points), end) in enumerate(zip(series.items(), ends, strict=True)):
        path = " ".join(f"{x(version)},{y(value)}" for version, value in points)
        body.append(f'<polyline class="curve s{number}" points="{path}"/>')
        body += [
            f'<circle class="s{number}" cx="{x(version)}" cy="{y(value)}" r="{5 if version in promoted else 2.5}"/>'
            for version, value in points
        ]
        body.append(text(RIGHT + 12, end + 4, name, "start", f"s{number}"))
    return svg(BOTTOM + 44, body, "nDCG@10 of each training run by yardstick")


def _line(row: Row, champion: str | None, former: set[str], pages: frozenset[str]) -> list[str]:
    """Return the cells of a ranker, as HTML."""
    name, number = str(row["model_version"]), f"Ranker {row['version']}"
    linked = link(page_of(name), number) if page_of(name) in pages else escape(number)
    if name == champion:
        linked += " <span class=tag>champion</span>"
    elif name in former:
        linked += " <span class='tag plain'>was champion</span>"
    tested = f"tested until {row['tested_through']}" if row["tested_through"] else "nothing tested"
    word, _, _ = str(row["verdict"]).partition(": ")
    kind = "good" if row["promoted"] else "bad" if word == "Refused" else "unsure"
    return [
        f"{linked}<small>{escape(name)}</small>",
        f"<span class={kind}><strong>{escape(word)}</strong></span><small>{escape(tested)}</small>",
        _difference(_results(row).get("gate", {})),
    ]


def _difference(gate: Mapping[str, Any]) -> str:
    found = gate.get("difference")
    if not found:
        return "none"
    between = f"{found['low']:+.3f} to {found['high']:+.3f}"
    against = (
        f"against {TITLES.get(gate['rival'], gate['rival'])}, {found['count']:,} queries by {NAMES[gate['yardstick']]}"
    )
    return f"{found['mean']:+.3f}<small>{escape(between)}</small><small>{escape(against)}</small>"
