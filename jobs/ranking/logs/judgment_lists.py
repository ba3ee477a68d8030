"""Judgments inside one JSON document: lists of OpenSearch and Quepid, answers of `_search` around them."""

from collections.abc import Iterable, Iterator, Mapping
from typing import Any

from ranking.logs.handed_in import ITEM, QUERY, REFUSED, first, hits_of

Record = Mapping[str, Any]
GROUPS = ("judgmentRatings", "queries", "query_doc_pairs")
"""Where a document holds its queries: OpenSearch's list, Quepid's case and Quepid's book."""
RATINGS = ("ratings", "judgements")
INSIDE = ("judgments", "judgements", "ratings")
"""Where a document that names no list holds judgments as they are."""


def records_of(value: Record) -> list[Record] | None:
    """The judgments in a document, one of them in place of a document that holds none; None for a judgment itself."""
    if isinstance(value.get("_source"), dict):
        return None if _groups(value["_source"]) is None else list(_of_list(value["_source"]))
    if _groups(value) is not None:
        return list(_of_list(value))
    hits = hits_of(value)
    if hits is not None:
        return _of_answer(hits)
    if first(value, *QUERY) is not None or first(value, *ITEM) is not None:
        return None
    inside = first(value, *INSIDE)
    return [one if isinstance(one, dict) else {"rated": one} for one in inside] if isinstance(inside, list) else None


def _of_answer(hits: list[Any]) -> list[Record]:
    """The judgments that the hits of an answer are or hold; one refusal where no hit has a grade."""
    found: list[Record] = []
    for hit in hits:
        source = hit.get("_source") if isinstance(hit, dict) else None
        if isinstance(source, dict):
            found += [hit] if _groups(source) is None else _of_list(source)
    if any(not isinstance(one.get("_source"), dict) or _is_judgment(one["_source"]) for one in found):
        return found
    return [
        {REFUSED: f"an answer of _search: none of its {len(hits)} hits holds a grade; hand in the judgments themselves"}
    ]


def _is_judgment(source: Record) -> bool:
    return first(source, "grade", "rating") is not None


def _groups(value: Record) -> Iterable[Any] | None:
    """The queries of a list, each with its ratings; None where the document is no list."""
    for name in GROUPS:
        groups = value.get(name)
        if isinstance(groups, list):
            return groups
        if isinstance(groups, dict) and name == "judgmentRatings":  # by query, as the first versions had it
            return [{"query": query, "ratings": ratings} for query, ratings in groups.items()]
    return None


def _of_list(value: Record) -> Iterator[Record]:
    name = first(value, "name", "case_name")
    for group in _groups(value) or ():
        if not isinstance(group, dict):
            yield {"rated": group}
            continue
        shared = {"query": first(group, *QUERY), "docId": first(group, *ITEM), "source": name}
        for rating in _ratings(group):
            yield {**shared, **rating}


def _ratings(group: Record) -> list[Record]:
    """The ratings of a query: a list, or grade by item; what has neither is one record, which its parser refuses."""
    ratings = first(group, *RATINGS)
    if isinstance(ratings, dict):
        return [{"docId": item, "rating": grade} for item, grade in ratings.items()]
    if not isinstance(ratings, list):
        return [{"rated": group}]
    return [dict(one) if isinstance(one, dict) else {"rated": one} for one in ratings]
