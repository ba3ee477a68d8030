"""Judgments as lines of text: a table with a header, query, item and grade by tab, or TREC qrels."""

import csv
import re
from collections.abc import Callable, Sequence
from typing import Any

from ranking.logs.handed_in import ITEM, QUERY
from ranking.logs.scales import read_raw

Record = dict[str, Any]
Form = Callable[[str], Record]

NAMES = {
    "user_query": (*QUERY, "querytext"),
    "object_id": ITEM,
    "grade": ("grade", "rating", "judgment", "judgement"),
    "application": ("application",),
    "judged_at": ("judged_at",),
    "source": ("source",),
    "weight": ("weight",),
}
"""Fields of a judgment, with what the column of a table may be called (case, blanks, - and _ are alike)."""
REQUIRED = ("user_query", "object_id", "grade")
SEPARATORS = "\t,;"
FORMS = (
    "JSON, a table with a header (user_query, object_id, grade), query, item and grade by tab, or TREC qrels "
    "(topic, iteration, document, grade)"
)
_ITERATION = re.compile(r"[0-9]{1,9}|Q[0-9]", re.ASCII)
_RANKLIB = re.compile(r"\S+\s+qid:\S+(\s|$)", re.ASCII)


class LineReader:
    """Reads the lines of one file that are not JSON. The first one decides of which form the file is."""

    def __init__(self) -> None:
        self._form: Form | None = None

    def __call__(self, line: str) -> Record | None:
        """The judgment in a line; None for a header. Raises ValueError for a line that is not of the file's form."""
        if _RANKLIB.match(line):
            raise ValueError(
                "no judgment: a line of features for RankLib (grade, qid, features), whose qid is no query; hand in "
                "the list that it was made from, with the text of the query"
            )
        if self._form is not None:
            return self._form(line)
        self._form = _header(line)
        if self._form is not None:
            return None
        self._form = _form_without_header(line)
        return self._form(line)


def _header(line: str) -> Form | None:
    """The reader of a table whose header this is; None if it names no query, item and grade."""
    for separator in SEPARATORS:
        try:
            titles = [_plain(title) for title in _cells(line, separator)]
        except ValueError:
            continue
        places = {field: _place(titles, names) for field, names in NAMES.items()}
        if all(places[field] is not None for field in REQUIRED):
            return _table({field: at for field, at in places.items() if at is not None}, len(titles), separator)
    return None


def _table(places: dict[str, int], width: int, separator: str) -> Form:
    def read(line: str) -> Record:
        cells = _cells(line, separator)
        if len(cells) > width:
            raise ValueError(f"no judgment: {len(cells)} columns where the header has {width}; put texts in quotes")
        return {field: cells[at] for field, at in places.items() if at < len(cells)}

    return read


def _form_without_header(line: str) -> Form:
    """By tab if the line has one. If it gives no grade, it may be a header, so that every column would be a guess."""
    form = _by_tab if "\t" in line else _by_blank
    try:
        read_raw(form(line)["grade"])
    except ValueError as error:
        return form if "no judgment" in str(error) else _unknown_header
    return form


def _unknown_header(line: str) -> Record:
    raise ValueError(
        "no judgment: the first line of the file has no grade; if it is a header, name the columns user_query, "
        "object_id and grade"
    )


def _by_tab(line: str) -> Record:
    """Query, item and grade, or TREC's topic, iteration, document and grade; blanks belong to the text."""
    cells = [cell.strip() for cell in line.split("\t")]
    if len(cells) == 4 and _ITERATION.fullmatch(cells[1]):
        return _judgment(cells[0], cells[2], cells[3])
    if len(cells) != 3:
        raise ValueError(f"no judgment: {len(cells)} fields by tab, 3 are read: query, item, grade; or write {FORMS}")
    return _judgment(*cells)


def _by_blank(line: str) -> Record:
    """TREC qrels: topic, iteration (may be left out), document, grade. The topic is the query."""
    fields = line.split()
    if len(fields) == 4 and _ITERATION.fullmatch(fields[1]):
        return _judgment(fields[0], fields[2], fields[3])
    if len(fields) != 3 or "\t" in line.strip():
        raise ValueError(f"no judgment: neither {FORMS}; a query with blanks has to stand apart by tabs or a header")
    return _judgment(*fields)


def _judgment(query: str, item: str, grade: str) -> Record:
    return {"user_query": query, "object_id": item, "grade": grade}


def _cells(line: str, separator: str) -> list[str]:
    """The cells of a line, which may stand in quotes. Raises ValueError where a quote stays open."""
    try:
        (cells,) = csv.reader([line], delimiter=separator, strict=True)
    except (csv.Error, ValueError) as error:
        raise ValueError(f"no judgment: the line is no whole row of a table ({error})") from None
    return [cell.strip() for cell in cells]


def _place(titles: Sequence[str], names: Sequence[str]) -> int | None:
    known = {_plain(name) for name in names}
    return next((at for at, title in enumerate(titles) if title in known), None)


def _plain(title: str) -> str:
    return re.sub(r"[\s_-]", "", title).lower()
