"""The pairs of a cut and their human grades as arrays, and what a calibrator says of them."""

from dataclasses import dataclass

import numpy as np

from ranking.labels import signals
from ranking.labels.bags import Groups, Numbers
from ranking.labels.priors import Flags


@dataclass(frozen=True)
class Pairs:
    """The pairs of a cut as arrays, one entry or row per pair. `fold` is that of the query, or `priors.UNKNOWN`."""

    signals: Numbers
    content: Numbers
    query: Groups
    fold: Groups
    impressions: Numbers
    examination: Numbers
    rate: Numbers
    """Long clicks per examination, smoothed towards the query's rate."""
    long_clicks: Numbers
    query_impressions: Numbers
    overall_rate: float

    @property
    def warm(self) -> Flags:
        """Mask of the pairs with enough impressions to have signals."""
        return self.impressions >= signals.ENOUGH


@dataclass(frozen=True)
class Grades:
    """The usable human grades: mean, number, spread and weight of each pair. The mean is NaN for other pairs."""

    mean: Numbers
    count: Numbers
    spread: Numbers
    weight: Numbers
    allowed: Flags
    """Mask of the pairs whose grades may be used: those outside the exam."""

    @property
    def usable(self) -> Flags:
        """Mask of the pairs with a grade that may be used."""
        return ~np.isnan(self.mean) & self.allowed


@dataclass(frozen=True)
class Estimate:
    """Estimated grades and how sure they are.

    `precision` is 1 / variance of each estimate, and `doubt` 1 / variance of what would be known without evidence:
    confidence is the precision over the sum of both. `extrapolated` marks pairs unlike all that people graded.
    """

    grade: Numbers
    precision: Numbers
    doubt: Numbers
    extrapolated: Flags
