"""What human grades are worth: how noisy the graders are, and how likely each pair was to be graded."""

import numpy as np
import numpy.typing as npt
from sklearn.linear_model import LogisticRegression

Numbers = npt.NDArray[np.float64]
Flags = npt.NDArray[np.bool_]

USUAL_VARIANCE = 0.25
"""The variance of a grade that is assumed without repeated grades: half a grade, as between trained graders."""
USUAL_REPEATS = 10.0
"""How many repeated grades the assumption weighs as much as."""
WEIGHT_BOUNDS = (0.25, 4.0)
"""Clips the weight of a grade, as a multiple of the mean weight."""


def grade_variance(spread: Numbers, grades: Numbers) -> float:
    """Return the variance of one grade around its pair's true grade, from pairs that were graded more than once.

    `grades` is the number of grades of each pair, `spread` the sum of their squared distances from their mean.
    """
    repeats = float(np.maximum(grades - 1, 0).sum())
    return (float(spread.sum()) + USUAL_REPEATS * USUAL_VARIANCE) / (repeats + USUAL_REPEATS)


def chance_weights(graded: Flags, columns: Numbers, given: Numbers) -> Numbers:
    """Return for each graded pair the clipped inverse of its chance to be graded, with mean 1.

    If the weights that the judgments give (`given`, one per graded pair) differ, they are used. Otherwise the chance is
    fitted by logistic regression on `columns`, which has a row for every pair: without them, grades of the pairs that
    everybody sees would count for all others.
    """
    weight = given if np.ptp(given) > 0 else 1.0 / _chances(graded, columns)[graded]
    weight = np.clip(weight / weight.mean(), *WEIGHT_BOUNDS)
    return np.asarray(weight / weight.mean())


def _chances(graded: Flags, columns: Numbers) -> Numbers:
    if graded.all():
        return np.ones(len(graded))
    spread = columns.std(axis=0)
    scaled = (columns - columns.mean(axis=0)) / np.where(spread > 0, spread, 1.0)
    fitted = LogisticRegression(C=1.0).fit(scaled, graded)
    return np.asarray(np.maximum(fitted.predict_proba(scaled)[:, 1], 1e-6))
