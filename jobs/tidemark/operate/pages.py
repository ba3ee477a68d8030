"""Write the HTML pages about a versioned dataset, for example about rankers. The domain renders them."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from tidemark.catalog import Lake, open_lake
from tidemark.catalog.filters import equals, one_of
from tidemark.settings import Settings
from tidemark.settings.addresses import report_address

EVERY_COLUMN = ("*",)


def current_page(settings: Settings) -> Path:
    """Return the path of the page about the newest row."""
    return settings.reports / "models" / "index.html"


def newest_row(lake: Lake, dataset: str, columns: tuple[str, ...] = EVERY_COLUMN) -> dict[str, Any] | None:
    """Return the row with the highest `version`; None if the table does not exist or is empty."""
    rows = _rows_with_highest(lake, dataset, "version", columns)
    return rows[0] if rows else None


@dataclass(frozen=True)
class PageReader:
    """What a renderer may read: rows of published datasets, and which pages were written before."""

    lake: Lake
    folder: Path

    def newest(self, dataset: str, column: str) -> list[dict[str, Any]]:
        """Return the rows with the highest value of a column; none if the table does not exist or is empty."""
        return _rows_with_highest(self.lake, dataset, column)

    def rows(self, dataset: str, columns: tuple[str, ...] = EVERY_COLUMN) -> list[dict[str, Any]]:
        """Return all rows, with some of their columns; none if the table does not exist."""
        table = self.lake.find_table(dataset)
        return table.scan(selected_fields=columns).to_arrow().to_pylist() if table else []

    def rows_with(
        self, dataset: str, column: str, values: Iterable[Any], columns: tuple[str, ...]
    ) -> list[dict[str, Any]]:
        """Return the rows whose column has one of the values; none if the table does not exist."""
        table, wanted = self.lake.find_table(dataset), set(values)
        if table is None or not wanted:
            return []
        return table.scan(one_of(column, wanted), selected_fields=columns).to_arrow().to_pylist()

    def written(self) -> frozenset[str]:
        """Return the names of the pages that exist."""
        return frozenset(path.name for path in self.folder.glob("*.html"))


Renderer = Callable[[PageReader], Mapping[str, str]]
"""Returns pages by the names of their files. The page about the newest row is `index.html`."""


def write_pages(settings: Settings, render: Renderer) -> str:
    """Write the pages that a renderer returns, and return a line that says where they are.

    A page replaces an earlier one of its name as a whole. Other pages stay.
    """
    folder = current_page(settings).parent
    pages = render(PageReader(open_lake(settings), folder))
    if not pages:
        return "no row yet, so no page is written"
    folder.mkdir(parents=True, exist_ok=True)
    for name, text in pages.items():
        draft = folder / f"{name}.new"
        draft.write_text(text, encoding="utf-8")
        draft.replace(folder / name)
    return f"{len(pages)} pages: {report_address(settings, current_page(settings))}"


def _rows_with_highest(
    lake: Lake, dataset: str, column: str, columns: tuple[str, ...] = EVERY_COLUMN
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
