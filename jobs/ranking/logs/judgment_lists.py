"""Judgments inside one JSON document: lists of OpenSearch and Quepid, also inside `_search` responses."""

from collections.abc import Iterable, Iterator, Mapping
from typing import Any

from ranking.logs.handed_in import ITEM, QUERY, REFUSED, first, hits_of

Record = Mapping[str, Any]
GROUPS = ("judgmentRatings", "queries", "query_doc_pairs")
"""Fields that hold the queries: of an OpenSearch judgment list, a Quepid case and a Quepid book."""
RATINGS = ("ratings", "judgements")
INSIDE = ("judgments", "judgements", "ratings")
"""Fields that hold judgments themselves, in a document that is not a list by query."""


def records_of(value: Record) -> list[Record] | None:
    """Return the judgments in a document, and None if the value is a judgment itself.

    A `_search` response without a grade gives one record with the key `REFUSED` and the reason.
    """
    if isinstance(value.get("_source"), dict):
        return None if _groups(value["_source"]) is None else list(_judgments_of_list(value["_source"]))
    if _groups(value) is not None:
        return list(_judgments_of_list(value))
    hits = hits_of(value)
    if hits is not None:
        return _judgments_of_hits(hits)
    if first(value, *QUERY) is not None or first(value, *ITEM) is not None:
        return None
    inside = first(value, *INSIDE)
    return [one if isinstance(one, dict) else {"rated": one} for one in inside] if isinstance(inside, list) else None


def _judgments_of_hits(hits: list[Any]) -> list[Record]:
    """Return the judgments in the hits of a `_search` response, or one refusal if no hit has a grade."""
    found: list[Record] = []
    for hit in hits:
        source = hit.get("_source") if isinstance(hit, dict) else None
        if isinstance(source, dict):
            found += [hit] if _groups(source) is None else _judgments_of_list(source)
    if any(not isinstance(one.get("_source"), dict) or _is_judgment(one["_source"]) for one in found):
        return found
    return [
        {REFUSED: f"a _search response: none of its {len(hits)} hits holds a grade; hand in the judgments themselves"}
    ]


def _is_judgment(source: Record) -> bool:
    return first(source, "grade", "rating") is not None


def _groups(value: Record) -> Iterable[Any] | None:
    """Return the queries of a list, each with its ratings; None if the document is not a list."""
    for name in GROUPS:
        groups = value.get(name)
        if isinstance(groups, list):
            return groups
        if isinstance(groups, dict) and name == "judgmentRatings":  # a map by query, as in the first versions
            return [{"query": query, "ratings": ratings} for query, ratings in groups.items()]
    return None


def _judgments_of_list(value: Record) -> Iterator[Record]:
    """Yield the judgments of a list, each with its query and the name of the list as source."""
    name = first(value, "name", "case_name")
    for group in _groups(value) or ():
        if not isinstance(group, dict):
            yield {"rated": group}
            continue
        shared = {"query": first(group, *QUERY), "docId": first(group, *ITEM), "source": name}
        for rating in _ratings(group):
            yield {**shared, **rating}


def _ratings(group: Record) -> list[Record]:
    """Return the ratings of a query, from a list or from a map of grades by item.

    A query without either becomes one record, which the parser refuses.
    """
    ratings = first(group, *RATINGS)
    if isinstance(ratings, dict):
        return [{"docId": item, "rating": grade} for item, grade in ratings.items()]
    if not isinstance(ratings, list):
        return [{"rated": group}]
    return [dict(one) if isinstance(one, dict) else {"rated": one} for one in ratings]
