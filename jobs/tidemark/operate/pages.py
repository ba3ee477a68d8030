"""The page of the newest row of a versioned dataset, such as a ranker's, written by a function of the domain."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from pathlib import Path
from typing import Any

from tidemark.catalog import Lake, open_lake
from tidemark.catalog.filters import equals
from tidemark.settings import Settings

Row = Mapping[str, Any]
Renderer = Callable[[Row, Sequence[Row]], str]
"""From the newest row, and the rows of the newest day of the dataset beside it, to the text of a page."""


def page_of(settings: Settings) -> Path:
    """Where the page of the newest row lies."""
    return settings.reports / "models" / "index.html"


def newest_row(lake: Lake, dataset: str, columns: tuple[str, ...] = ("*",)) -> dict[str, Any] | None:
    """The row of the highest `version`; None where the table or the row is not there."""
    rows = _rows_of_the_highest(lake, dataset, "version", columns)
    return rows[0] if rows else None


def write_page(settings: Settings, dataset: str, render: Renderer, beside: str, named_by: str) -> str:
    """Write the page of the newest row, under its own name and as the current one; a line about it.

    `beside` is a dataset with a column `day`, whose newest day the page shows too; `named_by` is the column that
    names the page's file.
    """
    lake = open_lake(settings)
    row = newest_row(lake, dataset)
    if row is None:
        return f"{dataset} has no row yet: no page"
    text = render(row, _rows_of_the_highest(lake, beside, "day"))
    folder = page_of(settings).parent
    folder.mkdir(parents=True, exist_ok=True)
    for path in (folder / f"{row[named_by]}.html", page_of(settings)):
        fresh = path.with_name(path.name + ".new")
        fresh.write_text(text, encoding="utf-8")
        fresh.replace(path)
    return f"{row[named_by]}: page {page_of(settings)}"


def _rows_of_the_highest(
    lake: Lake, dataset: str, column: str, columns: tuple[str, ...] = ("*",)
) -> list[dict[str, Any]]:
    """The rows that have the highest value of a column."""
    table = lake.find_table(dataset)
    values: list[Any] = table.scan(selected_fields=(column,)).to_arrow()[column].to_pylist() if table else []
    if table is None or not values:
        return []
    highest = max(values)
    literal = highest if isinstance(highest, int) else str(highest)
    rows: list[dict[str, Any]] = table.scan(equals(column, literal), selected_fields=columns).to_arrow().to_pylist()
    return rows
