"""`tidemark to-grade`: pairs for people to grade, with the chances at which they were drawn. Without Spark."""

from __future__ import annotations

import argparse
import csv
import io
import json
from collections import defaultdict
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np

from ranking.labels import draws
from steering.label_export import LABELS, choose_cut, cuts_of
from steering.new_files import write_new_files
from steering.registry import SCORES
from tidemark.catalog import Lake
from tidemark.catalog.filters import both, equals, one_of
from tidemark.errors import RequestRefused
from tidemark.operate.lakes import open_existing_lake
from tidemark.settings import load_settings
from tidemark.support.text import printable

ITEMS = "search.catalog_items"
HEADER = ("application", "query", "item_id", "title", "grade", "weight", "drawn_for")
"""Landing reads all but `title` and `drawn_for`, which are for people."""
TOP, LONGEST = 10, 15
"""Items of a list: the first ten of the champion, and up to fifteen with those that a challenger may bring up."""
FORMULA = ("=", "+", "-", "@", "\t", "\r")
"""A cell that begins so would be run by a spreadsheet as a formula."""
LIST_SHARE = 0.4
LABEL_LESSON, RANKER_EXAM = "labels", "exam"
Row = Mapping[str, Any]


@dataclass(frozen=True)
class Pair:
    """A pair to grade: its weight is the inverse of the chance at which it was drawn."""

    query: str
    item_id: str
    weight: float
    drawn_for: str


def to_grade(options: argparse.Namespace) -> int:
    """Write the pairs to a new file, and say what was drawn.

    Raises RequestRefused if there are no labels or no ungraded pairs, if the application is not clear, or if the file
    exists already.
    """
    settings = load_settings()
    lake = open_existing_lake(settings)
    application, cut = choose_cut(cuts_of(lake), options.application, None)
    rows = _ungraded(lake, application, cut.isoformat())
    exam = _exam_lists(lake, application, rows, _list_count(options), options.seed)
    lesson = _spread(rows, options.count - len(exam), options.seed)
    pairs = sorted((*exam, *lesson), key=lambda pair: (pair.query, pair.item_id))
    title = (settings.values.get("features") or {}).get("title") or "title"
    titles = _titles(lake, application, {pair.item_id for pair in pairs}, title)
    write_new_files({options.out: _table(application, pairs, titles).encode("utf-8")})
    queries = len({pair.query for pair in exam})
    print(f"{len(pairs):,} pairs of {printable(application)} to grade, from the labels of {cut}: {options.out}")
    print(f"  {len(lesson):,} spread over traffic and estimated grade, for the labels")
    print(f"  {len(exam):,} in whole lists of {queries:,} exam queries, for the judgment of rankers")
    print("Write a grade from 0 to 4 into each row, remove the rows without one, and hand the file in as JUDGMENTS.")
    return 0


def _list_count(options: argparse.Namespace) -> int:
    """Return how many whole lists are drawn. Raises RequestRefused if they are more than the grades allow."""
    if options.lists is None:
        return int(options.count * LIST_SHARE) // LONGEST
    if options.lists * LONGEST > options.count:
        raise RequestRefused(
            f"lists: {options.lists * LONGEST} items in whole lists are more than {options.count} grades"
        )
    return int(options.lists)


def _ungraded(lake: Lake, application: str, cut: str) -> list[Row]:
    """Return the labels of a cut without a human grade. Raises RequestRefused if there are none.

    Pairs whose query or item a spreadsheet would run as a formula are left out: anybody can type a query.
    """
    columns = ("query", "item_id", "grade", "evidence", "human_grades", "exam")
    where = both(equals("application", application), equals("window_end", cut))
    rows = lake.table(LABELS).scan(where, selected_fields=columns).to_arrow().to_pylist()
    found: list[Row] = [row for row in rows if not row["human_grades"] and not _is_formula(row)]
    if not found:
        raise RequestRefused(f"{LABELS}: people have graded all {len(rows):,} pairs of the cut {cut}")
    return sorted(found, key=lambda row: (row["query"], row["item_id"]))


def _is_formula(row: Row) -> bool:
    return str(row["query"]).startswith(FORMULA) or str(row["item_id"]).startswith(FORMULA)


def _spread(rows: Sequence[Row], count: int, seed: int) -> list[Pair]:
    """Draw pairs of queries that labels may learn from."""
    free = [row for row in rows if not row["exam"]]
    evidence = np.array([row["evidence"] for row in free], dtype=np.int64)
    drawn = draws.spread_pairs(evidence, np.array([row["grade"] for row in free], dtype=np.float64), count, seed)
    return [
        Pair(free[place]["query"], free[place]["item_id"], round(1 / chance, 6), LABEL_LESSON)
        for place, chance in zip(drawn.places.tolist(), drawn.chances.tolist(), strict=True)
    ]


def _exam_lists(lake: Lake, application: str, rows: Iterable[Row], count: int, seed: int) -> list[Pair]:
    """Draw exam queries, and return the first items of their lists: by the champion, otherwise by traffic and label."""
    lists: dict[str, list[Row]] = defaultdict(list)
    for row in rows:
        if row["exam"]:
            lists[row["query"]].append(row)
    drawn = draws.draw_lists([query for query, items in lists.items() if len(items) > 1], count, seed)
    scores = _scores(lake, application, drawn)
    return [Pair(query, row["item_id"], 1.0, RANKER_EXAM) for query in drawn for row in _first(lists[query], scores)]


def _first(rows: Sequence[Row], scores: Mapping[tuple[str, str], float]) -> list[Row]:
    """Return the champion's first ten, and then the best by labels: what a challenger may bring into its first ten."""
    by_score = sorted(rows, key=lambda row: _place(row, scores))
    by_label = sorted(rows, key=lambda row: (-row["grade"], row["item_id"]))
    return list({row["item_id"]: row for row in (*by_score[:TOP], *by_label)}.values())[:LONGEST]


def _place(row: Row, scores: Mapping[tuple[str, str], float]) -> tuple[Any, ...]:
    """Return what the items of a list are sorted by."""
    score = scores.get((row["query"], row["item_id"]))
    return score is None, -(score or 0.0), -row["evidence"], -row["grade"], row["item_id"]


def _scores(lake: Lake, application: str, queries: Sequence[str]) -> dict[tuple[str, str], float]:
    table = lake.find_table(SCORES)
    if table is None or not queries:
        return {}
    where = both(equals("application", application), one_of("query", queries))
    rows = table.scan(where, selected_fields=("query", "item_id", "score")).to_arrow().to_pylist()
    return {(row["query"], row["item_id"]): row["score"] for row in rows}


def _titles(lake: Lake, application: str, items: set[str], title: str) -> dict[str, str]:
    """Return the newest title of each item that has one."""
    table = lake.find_table(ITEMS)
    if table is None or not items:
        return {}
    where = both(equals("application", application), one_of("item_id", items))
    rows = table.scan(where, selected_fields=("item_id", "attributes", "valid_from")).to_arrow().to_pylist()
    found: dict[str, str] = {}
    for row in sorted(rows, key=lambda row: row["valid_from"]):
        text = json.loads(row["attributes"] or "{}").get(title)
        if isinstance(text, str):
            found[row["item_id"]] = text
    return found


def _table(application: str, pairs: Iterable[Pair], titles: Mapping[str, str]) -> str:
    """Return the pairs as CSV with a header and an empty column for the grade."""
    out = io.StringIO()
    write = csv.writer(out, lineterminator="\n")
    write.writerow(HEADER)
    for pair in pairs:
        title = " ".join(titles.get(pair.item_id, "").split())
        title = f"'{title}" if title.startswith(FORMULA) else title
        write.writerow((application, pair.query, pair.item_id, title, "", f"{pair.weight:g}", pair.drawn_for))
    return out.getvalue()
