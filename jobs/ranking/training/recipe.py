"""The recipe of a training run: parameters, the scale of the labels, and the twins. Knows no LightGBM."""

from dataclasses import dataclass
from typing import Any

import numpy as np

from ranking.training import matrices
from ranking.training.matrices import Examples, Floats, Matrix, Whole, group_sizes

LEVELS = 31  # LightGBM refuses labels of 31 and more
LABEL_GAIN = [2.0 ** (4 * level / (LEVELS - 1)) - 1 for level in range(LEVELS)]
RELEVANT = 1.0  # a query counts for early stopping when its best grade reaches this
TWIN_WEIGHT = 0.5


@dataclass(frozen=True)
class Recipe:
    """What a training run is made of besides its rows; `rounds` is the most trees.

    Held-out queries stop it after `patience` rounds without gain, but not before `least_rounds`; where fewer
    than `least_valid` of them count, their nDCG is noise and `unwatched_rounds` trees are made instead.
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
    threads: int = 1  # more wait for each other on busy cores: two took 15 s where one took 2 (shared two-core machine)
    twins: bool = True

    def parameters(self) -> dict[str, Any]:
        """The parameters as LightGBM reads them."""
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
    """Grades 0-4 as levels 0-30 of the fixed scale."""
    return np.rint(np.clip(grade, 0.0, 4.0) * (LEVELS - 1) / 4.0).astype(np.int64)


def with_twins(examples: Examples) -> tuple[Matrix, Whole, Floats, Whole]:
    """Features, levels, weights and group sizes of the rows and, behind them, of their masked twins.

    A twin weighs as much as its row, a half each, and is in a group of its own.
    """
    features = np.vstack([examples.features, matrices.masked(examples.features, examples.behaviour)])
    weight, sizes = np.tile(examples.weight * TWIN_WEIGHT, 2), np.tile(group_sizes(examples.group), 2)
    return features, np.tile(quantise(examples.grade), 2), weight, sizes
