"""The trees of a LightGBM text model that `model_text.check` has accepted."""

from __future__ import annotations

import re
from collections.abc import Iterator
from dataclasses import dataclass

from ranking.training.model_text import ENDS

TREE = re.compile("^(?=Tree=)", re.MULTILINE)
DEFAULT_LEFT = 2
"""Bit of `decision_type`: a missing value goes to the left child (LightGBM, include/LightGBM/tree.h)."""
MISSING_IS_NAN = 8
"""Value of the bits of `decision_type` that say what is missing: NaN. Without it, NaN counts as 0."""


@dataclass(frozen=True)
class Split:
    """An inner node. A value of at most `threshold` goes to the child `left`, a larger one to `right`.

    A child that is not negative is a split; -1 is leaf 0, -2 is leaf 1, and so on. `missing_left` says where a missing
    value goes.
    """

    feature: int
    threshold: float
    left: int
    right: int
    missing_left: bool


@dataclass(frozen=True)
class Tree:
    """A tree. Its root is split 0; a tree without splits has one leaf. A leaf is its part of the score."""

    splits: tuple[Split, ...]
    leaves: tuple[float, ...]

    @property
    def root(self) -> int:
        """The root as a child: a split, or the only leaf."""
        return 0 if self.splits else -1

    @property
    def depth(self) -> int:
        """The largest number of splits above a leaf."""
        below = [0] * len(self.splits)
        for number in range(len(self.splits) - 1, -1, -1):  # children come after their parents
            split = self.splits[number]
            below[number] = 1 + max((below[child] for child in (split.left, split.right) if child >= 0), default=0)
        return below[0] if below else 0


def read_trees(text: str) -> tuple[Tree, ...]:
    """Return the trees of a model that has passed `model_text.check`."""
    return tuple(_read(part) for part in TREE.split(text.partition(ENDS)[0])[1:])


def _read(text: str) -> Tree:
    lines = (line.partition("=") for line in text.strip("\n").split("\n"))
    values = {key: value.split(" ") for key, _, value in lines}
    leaves = tuple(map(float, values["leaf_value"]))
    return Tree(tuple(_splits(values)) if len(leaves) > 1 else (), leaves)


def _splits(values: dict[str, list[str]]) -> Iterator[Split]:
    keys = ("split_feature", "threshold", "left_child", "right_child", "decision_type")
    for feature, threshold, left, right, kind in zip(*(values[key] for key in keys), strict=True):
        limit = float(threshold)
        yield Split(int(feature), limit, int(left), int(right), missing_goes_left(int(kind), limit))


def missing_goes_left(decision_type: int, threshold: float) -> bool:
    """Return where LightGBM sends a missing value: by the default, or as a 0 if the split knows no missing values."""
    if decision_type & MISSING_IS_NAN:
        return bool(decision_type & DEFAULT_LEFT)
    return threshold >= 0
