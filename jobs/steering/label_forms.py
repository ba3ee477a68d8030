"""Labels as the files that other tools read: a judgment list of OpenSearch, TREC qrels, and the CSV of Quepid.

OpenSearch: the body of `PUT _plugins/_search_relevance/judgments` with the type `IMPORT_JUDGMENT`, whose ratings are
texts. TREC: `topic 0 document grade`, with whole grades; the topics are numbers, and a second file says which query
each one is. Quepid: a header and whole ratings.
"""

from __future__ import annotations

import csv
import io
import json
import re
from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from itertools import groupby

from tidemark.errors import RequestRefused
from tidemark.support.text import printable

TOPICS = ".topics.tsv"
"""What the name of the file with the topics of qrels adds to that of the qrels."""
_BLANK = re.compile(r"\s")


@dataclass(frozen=True)
class Label:
    """The grade (0 to 4) of an item for a query."""

    query: str
    item_id: str
    grade: float

    @property
    def whole(self) -> int:
        """The nearest whole grade; a half is rounded up."""
        return int(self.grade + 0.5)


def opensearch(labels: Iterable[Label], name: str) -> Mapping[str, str]:
    """Return a judgment list. Labels of a query are adjacent."""
    queries = [
        {"query": query, "ratings": [{"docId": each.item_id, "rating": f"{each.grade:.3f}"} for each in group]}
        for query, group in groupby(labels, key=lambda each: each.query)
    ]
    described = "Relevance labels from 0 to 4, inferred from behaviour and human grades"
    value = {"name": name, "description": described, "type": "IMPORT_JUDGMENT", "judgmentRatings": queries}
    return {"": json.dumps(value, ensure_ascii=False, indent=1) + "\n"}


def qrels(labels: Iterable[Label], name: str) -> Mapping[str, str]:
    """Return the qrels, and the text of each topic. Raises RequestRefused for an item id with a blank."""
    lines, topics = [], []
    for number, (query, group) in enumerate(groupby(labels, key=lambda each: each.query), start=1):
        topics.append(f"{number}\t{query}\n")
        lines += [f"{number} 0 {_one_word(each.item_id)} {each.whole}\n" for each in group]
    return {"": "".join(lines), TOPICS: "".join(topics)}


def quepid(labels: Iterable[Label], name: str) -> Mapping[str, str]:
    """Return a CSV file with the columns query, docid and rating."""
    text = io.StringIO(newline="")
    rows = csv.writer(text, lineterminator="\n")
    rows.writerow(("query", "docid", "rating"))
    rows.writerows((each.query, each.item_id, each.whole) for each in labels)
    return {"": text.getvalue()}


def _one_word(item_id: str) -> str:
    if not item_id or _BLANK.search(item_id):
        raise RequestRefused(
            f"as: the item id '{printable(item_id[:80])}' holds a blank, which ends a field of qrels; nothing was "
            "written. Write the labels with --as opensearch or --as csv"
        )
    return item_id
