"""The recipe of a training run: parameters and the scale of the labels."""

import json
from collections.abc import Mapping
from dataclasses import dataclass, fields, replace
from typing import Any

import numpy as np

from ranking.training.matrices import Floats, Whole

LEVELS = 31  # LightGBM accepts labels from 0 to 30
LABEL_GAIN = [2.0 ** (4 * level / (LEVELS - 1)) - 1 for level in range(LEVELS)]
RELEVANT = 1.0  # a list counts for early stopping if its best grade is at least this
FIRST = "lambdarank"
SECONDS = ("", "rank_xendcg")  # objectives of a second ranker
FORBIDDEN = "use_quantized_grad"
WHY_FORBIDDEN = "with it, LightGBM 4.7.0 has ended trainings of rankers by a fatal error"
SAMPLE = 20_000  # rows that choose the limits of the bins, if there is memory for them
_ADDED: dict[str, Any] = {"query_share": 1.0, "extra_trees": False, "second": ""}


@dataclass(frozen=True)
class Recipe:
    """The parameters of a training run. `rounds` is the largest number of trees.

    Each tree is grown on the share `query_share` of the lists, drawn anew, all of them if it is 1. `extra_trees` draws
    one threshold for each feature and takes the best of these. `second` is an objective for a second ranker, whose
    trees are added to those of the first, `lambdarank`; it is empty for none.

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
    query_share: float = 1.0
    extra_trees: bool = False
    second: str = ""

    @classmethod
    def of(cls, settings: Mapping[str, Any]) -> "Recipe":
        """Return the recipe of the setting `training.recipe`. Raises ValueError for a key or value that it refuses."""
        known = [each.name for each in fields(cls)]
        for name in settings:
            if name == FORBIDDEN:
                raise ValueError(f"search.yaml, training.recipe.{name}: leave it out; {WHY_FORBIDDEN}")
            if name not in known:
                raise ValueError(f"search.yaml, training.recipe: unknown key {name}; known keys are {', '.join(known)}")
        if settings.get("second", "") not in SECONDS:
            raise ValueError(f"search.yaml, training.recipe.second: write one of {', '.join(map(repr, SECONDS))}")
        return cls(**settings)

    @property
    def objectives(self) -> list[str]:
        """The objectives of the rankers whose scores are added."""
        return [name for name in (FIRST, self.second) if name]

    @classmethod
    def from_json(cls, text: str) -> "Recipe":
        """Return the recipe of a registry row.

        Settings that its version did not have get their defaults, but for those of `_ADDED`: before they were added, a
        ranker was trained without them.
        """
        known = {each.name for each in fields(cls)}
        return cls(**{**_ADDED, **{name: value for name, value in json.loads(text).items() if name in known}})

    def learns_as(self, other: "Recipe") -> bool:
        """Return whether two recipes differ at most in what only chance and time depend on: seed and threads."""
        return replace(self, seed=0, threads=1) == replace(other, seed=0, threads=1)

    def parameters(self, sample: int) -> dict[str, Any]:
        """Return the parameters under the names that LightGBM uses. `sample` rows choose the limits of the bins."""
        return {
            "objective": FIRST,
            "metric": "None",
            "label_gain": LABEL_GAIN,
            "lambdarank_truncation_level": 13,
            "learning_rate": self.learning_rate,
            "num_leaves": self.leaves,
            "lambda_l2": self.l2,
            "min_data_in_leaf": self.min_rows_in_leaf,
            "feature_fraction": self.feature_share,
            "bin_construct_sample_cnt": sample,
            "deterministic": True,
            "force_col_wise": True,
            "seed": self.seed,
            "num_threads": self.threads,
            "verbosity": -1,
            **self._drawn(),
        }

    def _drawn(self) -> dict[str, Any]:
        """Return the parameters of what is drawn for each tree. One that is off is left out."""
        found: dict[str, Any] = {}
        if self.query_share < 1:
            found |= {"bagging_by_query": True, "bagging_fraction": self.query_share, "bagging_freq": 1}
        if self.extra_trees:
            found |= {"extra_trees": True}
        return found


def quantise(grade: Floats) -> Whole:
    """Convert grades from 0 to 4 into integer levels from 0 to 30."""
    return np.rint(np.clip(grade, 0.0, 4.0) * (LEVELS - 1) / 4.0).astype(np.int64)
