"""Bags of small regression trees, each grown on a bootstrap sample of queries (bagging: Breiman, 1996).

A tree corrects a ridge regression on the first columns of the same sample: few rows fix a line, but not many leaves. A
tree that has not seen a query predicts it *out of bag*, so a bag knows how well it predicts new queries. Missing
values are NaN. The result depends on the seed and on the rows, and the caller gives the rows a fixed order.
"""

from dataclasses import dataclass
from typing import Any

import numpy as np
import numpy.typing as npt
from sklearn.tree import DecisionTreeRegressor

Numbers = npt.NDArray[np.float64]
Groups = npt.NDArray[np.int64]


@dataclass(frozen=True)
class Growth:
    """How a bag is grown: number of trees, leaves of a tree, rows of a leaf, and share of the columns at each split."""

    trees: int
    leaves: int
    rows_in_leaf: int
    columns: float = 0.5
    straight: int = 0
    """The number of first columns that the ridge regression uses; they have no missing values."""


RIDGE = 5.0
"""Penalty of the ridge regression, in rows, on standardised columns."""


@dataclass(frozen=True)
class Member:
    """A ridge regression, and a tree that was grown on what it leaves over."""

    slopes: Numbers
    level: float
    tree: Any

    def predict(self, columns: Numbers) -> Numbers:
        """Return the prediction for each row."""
        straight = columns[:, : len(self.slopes)] @ self.slopes + self.level
        return np.asarray(straight + self.tree.predict(columns))


@dataclass(frozen=True)
class Bag:
    """Grown trees, and the out-of-bag prediction of each row that they were grown on; NaN if every tree saw the row."""

    members: tuple[Member, ...]
    out_of_bag: Numbers

    def predict(self, columns: Numbers) -> Numbers:
        """Return the mean prediction of the trees. `columns` has shape (rows, columns)."""
        total = np.zeros(len(columns))
        if len(columns):
            for member in self.members:
                total += member.predict(columns)
        return total / len(self.members)


def grow(columns: Numbers, target: Numbers, weight: Numbers, query: Groups, growth: Growth, seed: int) -> Bag:
    """Grow a bag. A query is drawn with all of its rows; `weight` must be positive."""
    _, number = np.unique(query, return_inverse=True)
    count = int(number.max()) + 1
    rng = np.random.default_rng(seed)
    members, total, unseen = [], np.zeros(len(target)), np.zeros(len(target))
    for place in range(growth.trees):
        drawn = np.bincount(rng.integers(0, count, count), minlength=count)[number]
        rows, rest = np.flatnonzero(drawn), np.flatnonzero(drawn == 0)
        member = _member(columns[rows], target[rows], (weight * drawn)[rows], growth, seed * 1_000 + place)
        members.append(member)
        if len(rest):
            total[rest] += member.predict(columns[rest])
            unseen[rest] += 1
    out_of_bag = np.divide(total, unseen, out=np.full(len(target), np.nan), where=unseen > 0)
    return Bag(tuple(members), out_of_bag)


def _member(columns: Numbers, target: Numbers, weight: Numbers, growth: Growth, seed: int) -> Member:
    slopes, level = _ridge(columns[:, : growth.straight], target, weight)
    rest = target - (columns[:, : growth.straight] @ slopes + level)
    tree = DecisionTreeRegressor(
        max_leaf_nodes=growth.leaves,
        min_samples_leaf=growth.rows_in_leaf,
        max_features=growth.columns,
        random_state=seed,
    ).fit(columns, rest, weight)
    return Member(slopes, level, tree)


def _ridge(columns: Numbers, target: Numbers, weight: Numbers) -> tuple[Numbers, float]:
    """Return the slopes and the level of a ridge regression; the level is the mean if there are no columns."""
    mean = np.average(target, weights=weight)
    if not columns.shape[1]:
        return np.zeros(0), float(mean)
    centre = np.average(columns, axis=0, weights=weight)
    centred = columns - centre
    spread = np.sqrt(np.average(centred**2, axis=0, weights=weight))
    scaled = centred / np.where(spread > 0, spread, 1.0)
    weighted = scaled * weight[:, None]
    slopes = np.linalg.solve(weighted.T @ scaled + RIDGE * np.eye(scaled.shape[1]), weighted.T @ (target - mean))
    slopes = slopes / np.where(spread > 0, spread, 1.0)
    return slopes, float(mean - centre @ slopes)
