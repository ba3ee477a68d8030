"""How alike two orders of the same list are.

Rank-biased overlap (Webber, Moffat and Zobel, "A similarity measure for indefinite rankings", ACM Transactions on
Information Systems 28(4), 2010): the share of items that the first d places of both orders have in common, averaged
over the depths d with weights that fall by `PERSISTENCE` from place to place. It is 1 for equal orders, and changes at
the top of the list count most. With .9, the first ten places have 86 % of the weight, as the paper computes.

`scores` and `group` have one entry per row, and the rows of a list are contiguous. Results have one entry per list.
"""

import numpy as np

from ranking.training.matrices import Floats, Whole, group_numbers, group_sizes

PERSISTENCE = 0.9
DEPTH = 10


def ranks(scores: Floats, group: Whole) -> Whole:
    """Return the place of each row in its list by descending score, counted from 1. Equal scores keep their order."""
    sizes, number = group_sizes(group), group_numbers(group)
    place = np.empty(len(scores), dtype=np.int64)
    place[np.lexsort((-scores, number))] = np.arange(len(scores)) - (np.cumsum(sizes) - sizes)[number] + 1
    return place


def rank_biased(one: Whole, other: Whole, group: Whole) -> Floats:
    """Return the rank-biased overlap of each list, extrapolated from its first `DEPTH` places, or all if it has fewer.

    `one` and `other` are the places of each row. The extrapolation (RBO_EXT of the paper) assumes that the share in
    common at the last depth holds below it.
    """
    share = _shares_in_common(one, other, group)
    length = np.minimum(group_sizes(group), DEPTH)
    depth = np.arange(1, DEPTH + 1)
    weight = np.where(depth <= length[:, None], PERSISTENCE**depth, 0.0)
    last = share[np.arange(len(length)), length - 1]
    found: Floats = last * PERSISTENCE**length + (1 - PERSISTENCE) / PERSISTENCE * (share * weight).sum(axis=1)
    return found


def top_in_common(one: Whole, other: Whole, group: Whole) -> Floats:
    """Return the share of the first `DEPTH` items of each list that both orders have there."""
    length = np.minimum(group_sizes(group), DEPTH)
    found: Floats = _shares_in_common(one, other, group)[np.arange(len(length)), length - 1]
    return found


def _shares_in_common(one: Whole, other: Whole, group: Whole) -> Floats:
    """Return for each list and depth d the share of the first d items that both orders have there."""
    number, count = group_numbers(group), len(group_sizes(group))
    # Both orders have an item among their first d places if d is at least its lower place.
    lower = np.maximum(one, other)
    top = lower <= DEPTH
    common = np.bincount(number[top] * DEPTH + lower[top] - 1, minlength=count * DEPTH).reshape(count, DEPTH)
    shares: Floats = np.cumsum(common, axis=1) / np.arange(1, DEPTH + 1)
    return shares
