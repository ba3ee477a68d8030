"""Write the HTML page about the newest row of a versioned dataset, for example a ranker."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from pathlib import Path
from typing import Any

from tidemark.catalog import Lake, open_lake
from tidemark.catalog.filters import equals
from tidemark.settings import Settings
from tidemark.settings.addresses import report_address

Row = Mapping[str, Any]
Renderer = Callable[[Row, Sequence[Row]], str]
"""Renders a page from the newest row and from the rows of the newest day of a second dataset."""


def current_page(settings: Settings) -> Path:
    """Return the path of the page about the newest row."""
    return settings.reports / "models" / "index.html"


def newest_row(lake: Lake, dataset: str, columns: tuple[str, ...] = ("*",)) -> dict[str, Any] | None:
    """Return the row with the highest `version`; None if the table does not exist or is empty."""
    rows = _rows_with_highest(lake, dataset, "version", columns)
    return rows[0] if rows else None


def write_page(settings: Settings, dataset: str, render: Renderer, beside: str, named_by: str) -> str:
    """Write the page of the newest row, both under its own name and as the current page.

    Args:
        settings: The home.
        dataset: The versioned dataset.
        render: Renders the page.
        beside: A dataset with a column `day`. The page also shows the rows of its newest day.
        named_by: The column of the row that names the page's file.

    Returns:
        A line that says where the page is, or that there is no row yet.
    """
    lake = open_lake(settings)
    row = newest_row(lake, dataset)
    if row is None:
        return f"{dataset}: no row yet, so no page is written"
    text = render(row, _rows_with_highest(lake, beside, "day"))
    folder = current_page(settings).parent
    folder.mkdir(parents=True, exist_ok=True)
    for path in (folder / f"{row[named_by]}.html", current_page(settings)):
        draft = path.with_name(path.name + ".new")
        draft.write_text(text, encoding="utf-8")
        draft.replace(path)
    return f"{row[named_by]}: page {report_address(settings, current_page(settings))}"


def _rows_with_highest(
    lake: Lake, dataset: str, column: str, columns: tuple[str, ...] = ("*",)
) -> list[dict[str, Any]]:
    """Return the rows that have the highest value of a column; an empty list if there are no rows."""
    table = lake.find_table(dataset)
    values: list[Any] = table.scan(selected_fields=(column,)).to_arrow()[column].to_pylist() if table else []
    if table is None or not values:
        return []
    highest = max(values)
    literal = highest if isinstance(highest, int) else str(highest)
    rows: list[dict[str, Any]] = table.scan(equals(column, literal), selected_fields=columns).to_arrow().to_pylist()
    return rows
