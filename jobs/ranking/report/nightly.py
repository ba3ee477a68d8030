"""The pages about rankers: the report of the newest one, under its own name too, and all rankers over time."""

import json
from collections.abc import Iterable, Mapping, Sequence
from typing import Any, Protocol

from ranking.report.links import CURRENT, OVER_TIME, page_of
from ranking.report.over_time import render_over_time
from ranking.report.sections import render_report
from ranking.training.champion import RUN_COLUMNS, read_standing

RANKERS, DECISIONS = "ranking.rankers", "ranking.ranker_decisions"
PROPENSITIES, ITEMS = "ranking.position_propensities", "search.catalog_items"
HISTORY_COLUMNS = (*RUN_COLUMNS, "metrics", "tested_through")
"""The columns of a ranker that the page over time reads. They leave out the artifacts, which are large."""
ITEM_COLUMNS = ("application", "item_id", "attributes", "valid_from")
TITLE_FIELDS = ("title", "name", "product_title", "product_name")
"""Attributes of an item that can be its title; the first one that it has is shown."""

Row = Mapping[str, Any]


class Reader(Protocol):
    """What is read: published rows, and the names of the pages that exist."""

    def newest(self, dataset: str, column: str) -> Sequence[Row]:
        """Return the rows with the highest value of a column."""

    def rows(self, dataset: str, columns: tuple[str, ...] = ...) -> Sequence[Row]:
        """Return all rows, with some of their columns."""

    def rows_with(self, dataset: str, column: str, values: Iterable[Any], columns: tuple[str, ...]) -> Sequence[Row]:
        """Return the rows whose column has one of the values."""

    def written(self) -> frozenset[str]:
        """Return the names of the pages that exist."""


def render_pages(read: Reader) -> dict[str, str]:
    """Return the pages by the names of their files; none if there is no ranker."""
    found = read.newest(RANKERS, "version")
    if not found:
        return {}
    row, propensities = found[0], read.newest(PROPENSITIES, "day")
    history = read.rows(RANKERS, HISTORY_COLUMNS)
    standing = read_standing(history, read.rows(DECISIONS))
    own = page_of(row["model_version"])
    links = {"All rankers": OVER_TIME, **_previous(row, history, read.written())}
    report = render_report(row, propensities, find_titles(read, row), links)
    over_time = render_over_time(history, standing, read.written() | {own})
    return {own: report, OVER_TIME: over_time, CURRENT: report}


def find_titles(read: Reader, row: Row) -> dict[tuple[str, str], str]:
    """Return the titles of the items that the report of a row shows, by application and item, as far as known.

    If the attributes of an item changed, the newest ones count.
    """
    shown = json.loads(row["metrics"]).get("changes", {}).get("lists", [])
    wanted = {item["item_id"] for each in shown for item in each["items"]}
    rows = read.rows_with(ITEMS, "item_id", wanted, ITEM_COLUMNS) if wanted else []
    titles = {}
    for item in sorted(rows, key=lambda item: item["valid_from"]):
        title = _title(json.loads(item["attributes"]))
        if title:
            titles[item["application"], item["item_id"]] = title
    return titles


def _title(attributes: Mapping[str, Any]) -> str | None:
    found = (attributes.get(name) for name in TITLE_FIELDS)
    return next((value for value in found if isinstance(value, str) and value.strip()), None)


def _previous(row: Row, history: Sequence[Row], written: frozenset[str]) -> dict[str, str]:
    """Return the link to the report of the newest earlier ranker that has one."""
    earlier = sorted((each for each in history if each["version"] < row["version"]), key=lambda each: -each["version"])
    pages = ((each, page_of(each["model_version"])) for each in earlier)
    return next(({f"Ranker {each['version']}": page} for each, page in pages if page in written), {})
