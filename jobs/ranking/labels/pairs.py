"""The pairs of a cut and their human grades as arrays, and what a calibrator says of them."""

from dataclasses import dataclass

import numpy as np

from ranking.labels import signals
from ranking.labels.bags import Groups, Numbers
from ranking.labels.graders import BySource, Noise
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
    """The grades of each pair, of all sources together. The mean is NaN for a pair without a grade.

    `precision` is 1 / variance of the mean, 0 without a grade. `count` is the number of grades, `weight` what the
    judgments give as the inverse of the pair's chance to be graded.
    """

    mean: Numbers
    precision: Numbers
    count: Numbers
    weight: Numbers
    allowed: Flags
    """Mask of the pairs whose grades may be used: those outside the exam."""

    @property
    def usable(self) -> Flags:
        """Mask of the pairs with a grade that may be used."""
        return ~np.isnan(self.mean) & self.allowed


@dataclass(frozen=True)
class Grading:
    """The grades of the pairs of a cut by source, and for each pair its `weight` and whether they are `allowed`."""

    by_source: BySource
    weight: Numbers
    allowed: Flags

    @property
    def usable(self) -> BySource:
        """The grades that may be used: those outside the exam."""
        return self.by_source.take(self.allowed[self.by_source.pair])

    def with_noise(self, noise: Noise) -> Grades:
        """Return the grades of each pair, weighed by the noise of their sources."""
        size = len(self.weight)
        mean, precision = noise.merge(self.by_source, size)
        count = np.bincount(self.by_source.pair, self.by_source.count, size).astype(np.float64)
        return Grades(mean, precision, count, self.weight, self.allowed)


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
