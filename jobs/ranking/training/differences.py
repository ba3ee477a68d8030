"""The difference of two rankers in nDCG@10: a mean with its standard error, from which the gate draws its bounds."""

import math
from dataclasses import dataclass
from functools import cache

import numpy as np
from scipy import stats

from ranking.training import metrics
from ranking.training.matrices import Floats


@dataclass(frozen=True)
class Difference:
    """A mean difference over `count` queries with its standard error. Both are NaN if the count is 0.

    The bounds are those of Student's t distribution with `count` - 1 degrees of freedom. One query bounds nothing: its
    bounds are -1 and 1, the ends of the scale.
    """

    mean: float
    error: float
    count: int

    def above(self, alpha: float) -> float:
        """Return the bound that the true difference exceeds with probability 1 - `alpha`."""
        return self._bound(alpha)

    def below(self, alpha: float) -> float:
        """Return the bound that the true difference is below with probability 1 - `alpha`."""
        return self._bound(1 - alpha)

    def interval(self) -> metrics.Interval:
        """Return the mean with its 95 % interval."""
        return metrics.Interval(self.mean, self._bound(0.025), self._bound(0.975), self.count)

    def power(self, true: float, least: float, alpha: float) -> float | None:
        """Return how probably a true difference `true` has its lower bound above `least`. None with one query."""
        if self.count < 2:
            return None
        if self.error == 0:
            return 1.0
        return round(float(stats.norm.cdf((true - least) / self.error - _quantile(1 - alpha, self.count))), 4)

    def queries_for(self, power: float, true: float, least: float, alpha: float) -> int | None:
        """Return how many queries like these give that power; None if they say nothing about it."""
        if self.count < 2:
            return None
        steps = float(stats.norm.ppf(1 - alpha) + stats.norm.ppf(power))
        return max(2, math.ceil(self.count * (steps * self.error / (true - least)) ** 2))

    def _bound(self, quantile: float) -> float:
        if self.count < 2:
            return math.copysign(1.0, quantile - 0.5) if self.count else math.nan
        return self.mean + _quantile(quantile, self.count) * self.error


def over(values: Floats) -> Difference:
    """Return the mean over the values that are not NaN, one for each query."""
    counted = values[~np.isnan(values)]
    count = len(counted)
    if not count:
        return Difference(math.nan, math.nan, 0)
    spread = float(counted.std(ddof=1)) if count > 1 else math.inf
    return Difference(float(counted.mean()), spread / math.sqrt(count), count)


def error_of(between: metrics.Interval) -> float:
    """Return the standard error of a mean difference from its 95 % interval, over at least two queries."""
    return (between.high - between.low) / 2 / _quantile(0.975, between.count)


@cache
def _quantile(quantile: float, count: int) -> float:
    return float(stats.t.ppf(quantile, count - 1))
