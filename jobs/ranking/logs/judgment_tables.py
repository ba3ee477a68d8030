"""Judgments as lines of text: a table with a header; query, item and grade separated by tabs; or TREC qrels."""

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
"""Fields of a judgment, with the column titles that mean them. Case, blanks, `-` and `_` in a title are ignored."""
REQUIRED = ("user_query", "object_id", "grade")
SEPARATORS = "\t,;"
FORMS = (
    "JSON, a table with a header (user_query, object_id, grade), tab-separated query, item and grade, or TREC qrels "
    "(topic, iteration, document, grade)"
)
_ITERATION = re.compile(r"[0-9]{1,9}|Q[0-9]", re.ASCII)
_RANKLIB = re.compile(r"\S+\s+qid:\S+(\s|$)", re.ASCII)


class LineReader:
    """Reads the lines of one file that are not JSON. The first line decides the form of the file."""

    def __init__(self) -> None:
        self._form: Form | None = None

    def __call__(self, line: str) -> Record | None:
        """Return the judgment in a line, or None for a header. Raises ValueError if the line has another form."""
        if _RANKLIB.match(line):
            raise ValueError(
                "not a judgment: a line of RankLib features (grade, qid, features) names no query text; hand in the "
                "judgments that it was made from, with the text of each query"
            )
        if self._form is not None:
            return self._form(line)
        self._form = _header(line)
        if self._form is not None:
            return None
        self._form = _form_without_header(line)
        return self._form(line)


def _header(line: str) -> Form | None:
    """Return the reader of the table with this header; None if the line does not name query, item and grade."""
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
            raise ValueError(
                f"not a judgment: the line has {len(cells)} columns, but the header has {width}; put texts with "
                "separators in quotes"
            )
        return {field: cells[at] for field, at in places.items() if at < len(cells)}

    return read


def _form_without_header(line: str) -> Form:
    """Choose the form of a file without a header: by tab if the line has one, otherwise TREC qrels.

    If the line has no grade, it may be an unknown header. Then each line is refused, because the columns would be a
    guess.
    """
    form = _by_tab if "\t" in line else _by_blank
    try:
        read_raw(form(line)["grade"])
    except ValueError as error:
        return form if "not a judgment" in str(error) else _unknown_header
    return form


def _unknown_header(line: str) -> Record:
    raise ValueError(
        "not a judgment: the first line of the file has no grade; if it is a header, name the columns user_query, "
        "object_id and grade"
    )


def _by_tab(line: str) -> Record:
    """Read query, item and grade, or TREC's topic, iteration, document and grade. Blanks are part of a field."""
    cells = [cell.strip() for cell in line.split("\t")]
    if len(cells) == 4 and _ITERATION.fullmatch(cells[1]):
        return _judgment(cells[0], cells[2], cells[3])
    if len(cells) != 3:
        raise ValueError(
            f"not a judgment: a line with {len(cells)} tab-separated fields, but it needs 3 (query, item, grade); or "
            f"write {FORMS}"
        )
    return _judgment(*cells)


def _by_blank(line: str) -> Record:
    """Read TREC qrels: topic, iteration (optional), document and grade. The topic is the query."""
    fields = line.split()
    if len(fields) == 4 and _ITERATION.fullmatch(fields[1]):
        return _judgment(fields[0], fields[2], fields[3])
    if len(fields) != 3 or "\t" in line.strip():
        raise ValueError(f"not a judgment: write {FORMS}; a query with blanks needs tabs or a table with a header")
    return _judgment(*fields)


def _judgment(query: str, item: str, grade: str) -> Record:
    return {"user_query": query, "object_id": item, "grade": grade}


def _cells(line: str, separator: str) -> list[str]:
    """Return the cells of a line, which may be in quotes. Raises ValueError if a quote is not closed."""
    try:
        (cells,) = csv.reader([line], delimiter=separator, strict=True)
    except (csv.Error, ValueError) as error:
        raise ValueError(f"not a judgment: the line is not a complete row of a table ({error})") from None
    return [cell.strip() for cell in cells]


def _place(titles: Sequence[str], names: Sequence[str]) -> int | None:
    known = {_plain(name) for name in names}
    return next((at for at, title in enumerate(titles) if title in known), None)


def _plain(title: str) -> str:
    return re.sub(r"[\s_-]", "", title).lower()
