"""The page of the newest ranker, from its row in the registry."""

from __future__ import annotations

from pathlib import Path
from typing import Any

from ranking.report.sections import render_report
from tidemark.catalog import Lake, open_lake
from tidemark.settings import Settings

RANKERS = "ranking.rankers"
PROPENSITIES = "ranking.position_propensities"


def page_of(settings: Settings) -> Path:
    """Where the page of the newest ranker lies."""
    return settings.reports / "models" / "index.html"


def newest_ranker(lake: Lake, columns: tuple[str, ...] = ("*",)) -> dict[str, Any] | None:
    """The newest row of the registry, without a row None."""
    table = lake.find_table(RANKERS)
    if table is None:
        return None
    versions: list[Any] = table.scan(selected_fields=("version",)).to_arrow()["version"].to_pylist()
    if not versions:
        return None
    newest = f"version = {max(versions)}"
    rows: list[dict[str, Any]] = table.scan(newest, selected_fields=columns).to_arrow().to_pylist()
    return rows[0]


def write_newest(settings: Settings) -> str:
    """Write the page of the newest ranker, under its own name and as the current one; a line about it."""
    lake = open_lake(settings)
    row = newest_ranker(lake)
    if row is None:
        return "no ranker yet: no page"
    text = render_report(row, _propensities(lake))
    folder = page_of(settings).parent
    folder.mkdir(parents=True, exist_ok=True)
    for path in (folder / f"{row['model_version']}.html", page_of(settings)):
        fresh = path.with_name(path.name + ".new")
        fresh.write_text(text, encoding="utf-8")
        fresh.replace(path)
    return f"{row['model_version']}: {row['verdict']}\nreport {page_of(settings)}"


def _propensities(lake: Lake) -> list[dict[str, Any]]:
    """The estimate of the newest day."""
    table = lake.find_table(PROPENSITIES)
    if table is None:
        return []
    days: list[Any] = table.scan(selected_fields=("day",)).to_arrow()["day"].to_pylist()
    if not days:
        return []
    rows: list[dict[str, Any]] = table.scan(f"day = '{max(days)}'").to_arrow().to_pylist()
    return rows
