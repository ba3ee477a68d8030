"""What a new ranker changes against its rival: wins and losses, how alike the lists are, and the most changed lists."""

from typing import Any

import numpy as np

from ranking.training import evaluation, overlap
from ranking.training.matrices import Examples, Floats, Whole, group_numbers, group_sizes

EQUAL = 1e-9
"""Differences in nDCG@10 up to this count as none."""
MOST_CHANGED = 10


def wins_and_losses(gained: Floats, query: Whole) -> dict[str, int]:
    """Return how many queries gain, lose, or neither.

    Args:
        gained: How much nDCG@10 each list gains; NaN for a list that nothing can judge.
        query: The number of the query of each list. A query counts once, with the mean of its lists.
    """
    found = evaluation.means(gained, query)
    better, worse = int((found > EQUAL).sum()), int((found < -EQUAL).sum())
    return {"better": better, "worse": worse, "equal": len(found) - better - worse}


def churn(test: Examples, ours: Floats, theirs: Floats) -> dict[str, float | int]:
    """Return how alike the lists are by two scores: means over lists, and over examinations (`_by_traffic`)."""
    one, other = (overlap.ranks(scores, test.group) for scores in (ours, theirs))
    looks = _looks(test)
    weight = looks if looks.sum() > 0 else np.ones(len(looks))
    top, biased = (measure(one, other, test.group) for measure in (overlap.top_in_common, overlap.rank_biased))
    return {
        "lists": len(looks),
        "top_in_common": round(float(top.mean()), 6),
        "top_in_common_by_traffic": round(float(np.average(top, weights=weight)), 6),
        "rank_biased": round(float(biased.mean()), 6),
        "rank_biased_by_traffic": round(float(np.average(biased, weights=weight)), 6),
    }


def most_changed(
    test: Examples, ours: Floats, theirs: Floats, gained: Floats, human: Floats, most: int = MOST_CHANGED
) -> list[dict[str, Any]]:
    """Return the lists with the least rank-biased overlap, at most one of each query; of equal ones, the most examined.

    `ours`, `theirs` and `human` (a grade; NaN without one) have one entry per row, `gained` one per list.
    """
    one, other = (overlap.ranks(scores, test.group) for scores in (ours, theirs))
    biased, query = overlap.rank_biased(one, other, test.group), evaluation.queries_of(test)
    order = np.lexsort((-_looks(test), np.round(biased, 9)))
    first = np.sort(np.unique(query[order], return_index=True)[1])[:most]
    starts = np.r_[0, np.cumsum(group_sizes(test.group))]
    return [
        _list(test, slice(starts[n], starts[n + 1]), one, other, human)
        | {"rank_biased": round(float(biased[n]), 6), "gained": _number(gained[n])}
        for n in order[first]
        if biased[n] < 1 - EQUAL
    ]


def _list(test: Examples, rows: slice, one: Whole, other: Whole, human: Floats) -> dict[str, Any]:
    """Return a list with the items that either order has among its first places."""
    shown = np.flatnonzero(np.minimum(one[rows], other[rows]) <= overlap.DEPTH) + rows.start
    return {
        "application": str(test.application[rows.start]),
        "query": str(test.query[rows.start]),
        "window_end": str(test.window_end[rows.start]),
        "items": [
            {
                "item_id": str(test.item_id[row]),
                "ours": int(one[row]),
                "theirs": int(other[row]),
                "label": round(float(test.grade[row]), 3),
                "grade": _number(human[row]),
                "long_clicks": int(test.long_clicks[row]),
                "examination": round(float(test.examination[row]), 2),
            }
            for row in shown[np.argsort(one[shown])]
        ],
    }


def _looks(test: Examples) -> Floats:
    """Return the examinations of each list."""
    return np.bincount(group_numbers(test.group), test.examination, len(group_sizes(test.group))).astype(np.float64)


def _number(value: float) -> float | None:
    return None if np.isnan(value) else round(float(value), 6)
