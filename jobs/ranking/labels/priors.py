"""The content prior: what the content of a pair says about its relevance before anybody clicks.

It is a regression from content features to an estimate that is made of behaviour, cross-fitted by query cluster: the
prior of a query comes from a model that saw no query of its cluster. So the traffic of a pair never enters its own
prior, and a pair's prior and its traffic are two witnesses, not one.
"""

from collections.abc import Callable
from dataclasses import dataclass

import numpy as np
import numpy.typing as npt

from ranking.labels import bags
from ranking.labels.bags import Bag, Groups, Growth, Numbers
from ranking.labels.clusters import FOLDS

GROWTH = Growth(trees=20, leaves=40, rows_in_leaf=15)
UNKNOWN = -1
"""The fold of a query that no model saw."""

Flags = npt.NDArray[np.bool_]
Target = Callable[[Flags], tuple[Numbers, Numbers]]


@dataclass(frozen=True)
class Prior:
    """One model per fold; each saw the other folds only."""

    models: tuple[Bag, ...]

    def predict(self, content: Numbers, fold: Groups) -> Numbers:
        """Return the prior of each pair. Queries that no model saw get the mean of all models."""
        result = np.zeros(len(content))
        for number, model in enumerate(self.models):
            rows = fold == number
            result[rows] = model.predict(content[rows])
        unknown = np.flatnonzero(fold == UNKNOWN)
        for model in self.models:
            result[unknown] += model.predict(content[unknown]) / len(self.models)
        return result


def fit(content: Numbers, query: Groups, fold: Groups, target: Target, seed: int) -> Prior:
    """Fit the prior. `target` gets the rows that a model may see, and returns what to predict and the rows' weights.

    Rows without weight are left out.
    """
    models = []
    for number in range(FOLDS):
        seen = fold != number
        wanted, weight = target(seen)
        rows = np.flatnonzero(seen & (weight > 0))
        models.append(bags.grow(content[rows], wanted[rows], weight[rows], query[rows], GROWTH, seed + number))
    return Prior(tuple(models))
