"""Clusters of queries that must not be divided when a model is cross-fitted, and their folds.

Two queries share a cluster if they have the same words, or if half of the items of one are also those of the other.
"""

import hashlib
from collections import defaultdict
from collections.abc import Sequence

import numpy as np
import numpy.typing as npt

FOLDS = 5
SHARED = 0.5
"""Share of the items of the smaller query that two queries of a cluster have in common, at least."""
MOST_QUERIES = 50
"""An item that more queries have says nothing about what they mean."""

Groups = npt.NDArray[np.int64]


def folds(queries: Sequence[str], items: Sequence[str]) -> dict[str, int]:
    """Return the fold of each query, from 0 to `FOLDS` - 1. The arguments have one entry per pair.

    All queries of a cluster have the same fold, which depends on the smallest of their texts.
    """
    of_query: dict[str, set[str]] = defaultdict(set)
    for query, item in zip(queries, items, strict=True):
        of_query[query].add(item)
    names = sorted(of_query)
    parent = {name: name for name in names}
    for one, other in [*_same_words(names), *_same_items(of_query)]:
        first, second = sorted((_root(parent, one), _root(parent, other)))
        parent[second] = first
    return {name: _fold(_root(parent, name)) for name in names}


def _same_words(names: Sequence[str]) -> list[tuple[str, str]]:
    first: dict[str, str] = {}
    return [(first.setdefault(" ".join(sorted(set(name.split()))), name), name) for name in names]


def _same_items(of_query: dict[str, set[str]]) -> list[tuple[str, str]]:
    having: dict[str, list[str]] = defaultdict(list)
    for query in sorted(of_query):
        for item in of_query[query]:
            having[item].append(query)
    shared: dict[tuple[str, str], int] = defaultdict(int)
    for queries in having.values():
        if len(queries) <= MOST_QUERIES:
            for place, one in enumerate(queries):
                for other in queries[place + 1 :]:
                    shared[one, other] += 1
    return [(a, b) for (a, b), n in sorted(shared.items()) if n >= SHARED * min(len(of_query[a]), len(of_query[b]))]


def _root(parent: dict[str, str], name: str) -> str:
    while parent[name] != name:
        parent[name] = parent[parent[name]]
        name = parent[name]
    return name


def _fold(name: str) -> int:
    return int(hashlib.md5(name.encode(), usedforsecurity=False).hexdigest()[:8], 16) % FOLDS
