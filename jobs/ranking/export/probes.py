"""Rows that reach the splits of a model and pass them on both sides and with a missing value."""

from __future__ import annotations

import math
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass

import numpy as np

from ranking.export.narrow import LARGEST, at_most, next_above
from ranking.export.trees import Split, Tree
from ranking.training.matrices import Matrix

SEED = 7
MOST_SPLITS = 30_000
"""The most splits that get rows of their own. A ranker of the default recipe has at most 9,000."""
RANDOM_ROWS = 2_000


@dataclass(frozen=True)
class _Range:
    """The values of a feature that reach a node: above `low`, at most `high`, and NaN if `missing`."""

    low: float = -math.inf
    high: float = math.inf
    missing: bool = True

    def holds(self, value: float) -> bool:
        return self.missing if math.isnan(value) else self.low < value <= self.high

    @property
    def empty(self) -> bool:
        return not self.missing and not self.low < self.high

    def example(self) -> float | None:
        """Return a value of the range of at most `LARGEST`; None if there is none."""
        tried = (min(self.high, LARGEST), max(next_above(self.low), -LARGEST), math.nan)
        return next((value for value in tried if self.holds(value)), None)


Ranges = Mapping[int, _Range]


def make_rows(trees: Sequence[Tree], features: int) -> tuple[Matrix, int]:
    """Return rows of shape (rows, features), and how many splits get rows of their own.

    For each split that a row can reach, there is a row with the largest value that goes left, one with the next larger
    32-bit number, and one with a missing value, as far as the splits above let them through. Of more than `MOST_SPLITS`
    splits, each has the same chance. `RANDOM_ROWS` rows are drawn from all of these values. The same trees give the
    same rows.
    """
    rng = np.random.default_rng(SEED)
    reached = [found for tree in trees for found in _reachable(tree)]
    if len(reached) > MOST_SPLITS:
        chosen = np.sort(rng.choice(len(reached), MOST_SPLITS, replace=False))
        reached = [reached[number] for number in chosen]
    asked = [(ranges, split.feature, value) for split, ranges in reached for value in _sides(split, ranges)]
    rows = _draw(trees, features, len(asked) + RANDOM_ROWS, rng)
    for row, (ranges, feature, value) in zip(rows, asked, strict=False):
        for other, allowed in ranges.items():
            row[other] = allowed.example()
        row[feature] = value
    return rows, len(reached)


def _reachable(tree: Tree) -> Iterator[tuple[Split, Ranges]]:
    """Yield each split that a row can reach, with the ranges of the features that lead to it."""
    waiting: list[tuple[int, Ranges]] = [(tree.root, {})]
    while waiting:
        child, ranges = waiting.pop()
        if child < 0 or any(each.example() is None for each in ranges.values()):
            continue
        split = tree.splits[child]
        yield split, ranges
        before, limit = ranges.get(split.feature, _Range()), at_most(split.threshold)
        left = _Range(before.low, min(before.high, limit), before.missing and split.missing_left)
        right = _Range(max(before.low, limit), before.high, before.missing and not split.missing_left)
        sides = ((split.left, left), (split.right, right))
        waiting += [(to, {**ranges, split.feature: side}) for to, side in sides if not side.empty]


def _sides(split: Split, ranges: Ranges) -> Iterator[float]:
    """Yield values of the split's feature that reach it: on its left, on its right, and a missing one."""
    allowed, limit = ranges.get(split.feature, _Range()), at_most(split.threshold)
    for value in (max(min(limit, LARGEST), -LARGEST), next_above(limit), math.nan):
        if allowed.holds(value) and not abs(value) > LARGEST:
            yield value


def _draw(trees: Sequence[Tree], features: int, rows: int, rng: np.random.Generator) -> Matrix:
    """Return rows whose values are drawn from both sides of all splits of their feature; a fifth of them is missing."""
    limits: dict[int, set[float]] = {}
    for split in (split for tree in trees for split in tree.splits):
        limit = at_most(split.threshold)
        limits.setdefault(split.feature, {0.0}).update(v for v in (limit, next_above(limit)) if abs(v) <= LARGEST)
    drawn = np.empty((rows, features), dtype=np.float32)
    for feature in range(features):
        drawn[:, feature] = rng.choice(np.array(sorted(limits.get(feature, {0.0})), dtype=np.float32), rows)
    drawn[rng.random(drawn.shape) < 0.2] = np.nan
    return drawn
