"""The recipe of a training run: parameters, the scale of the labels, and the masked twins."""

import json
from dataclasses import dataclass, fields, replace
from typing import Any

import numpy as np

from ranking.training import matrices
from ranking.training.matrices import Examples, Floats, Matrix, Whole, group_sizes

LEVELS = 31  # LightGBM accepts labels from 0 to 30
LABEL_GAIN = [2.0 ** (4 * level / (LEVELS - 1)) - 1 for level in range(LEVELS)]
RELEVANT = 1.0  # a list counts for early stopping if its best grade is at least this
TWIN_WEIGHT = 0.5


@dataclass(frozen=True)
class Recipe:
    """The parameters of a training run. `rounds` is the largest number of trees.

    Held-out lists stop the training after `patience` rounds without a gain, but not before `least_rounds`. If fewer
    than `least_valid` of them have a relevant label, their nDCG is too noisy, and `unwatched_rounds` trees are trained.
    """

    rounds: int = 300
    patience: int = 40
    least_rounds: int = 20
    least_valid: int = 30
    unwatched_rounds: int = 100
    learning_rate: float = 0.06
    leaves: int = 31
    min_rows_in_leaf: int = 20
    feature_share: float = 0.8
    l2: float = 5.0
    seed: int = 7
    threads: int = 1  # more threads wait for each other: on two busy cores, two threads took 15 s and one took 2 s
    twins: bool = True

    @classmethod
    def from_json(cls, text: str) -> "Recipe":
        """Return the recipe of a registry row. Settings that its version did not have get their defaults."""
        known = {each.name for each in fields(cls)}
        return cls(**{name: value for name, value in json.loads(text).items() if name in known})

    def learns_as(self, other: "Recipe") -> bool:
        """Return whether two recipes differ at most in what only chance and time depend on: seed and threads."""
        return replace(self, seed=0, threads=1) == replace(other, seed=0, threads=1)

    def parameters(self) -> dict[str, Any]:
        """Return the parameters under the names that LightGBM uses."""
        return {
            "objective": "lambdarank",
            "metric": "None",
            "label_gain": LABEL_GAIN,
            "lambdarank_truncation_level": 13,
            "learning_rate": self.learning_rate,
            "num_leaves": self.leaves,
            "lambda_l2": self.l2,
            "min_data_in_leaf": self.min_rows_in_leaf,
            "feature_fraction": self.feature_share,
            "bin_construct_sample_cnt": 50_000,
            "deterministic": True,
            "force_row_wise": True,
            "seed": self.seed,
            "num_threads": self.threads,
            "verbosity": -1,
        }


def quantise(grade: Floats) -> Whole:
    """Convert grades from 0 to 4 into integer levels from 0 to 30."""
    return np.rint(np.clip(grade, 0.0, 4.0) * (LEVELS - 1) / 4.0).astype(np.int64)


def with_twins(examples: Examples) -> tuple[Matrix, Whole, Floats, Whole]:
    """Return features, levels, weights and group sizes of the rows, followed by those of their masked twins.

    A twin is a copy of a row with its behaviour features set to NaN. A row and its twin each get half of the weight.
    The twins of a group form a group of their own.
    """
    features = np.vstack([examples.features, matrices.masked(examples.features, examples.behaviour)])
    weight, sizes = np.tile(examples.weight * TWIN_WEIGHT, 2), np.tile(group_sizes(examples.group), 2)
    return features, np.tile(quantise(examples.grade), 2), weight, sizes
