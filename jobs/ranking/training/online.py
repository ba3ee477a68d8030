"""What a difference means for an online test, and for the decision to ship without one. Pure formulas.

- The sample size of a test of two proportions: Fleiss, Levin and Paik, "Statistical Methods for Rates and Proportions",
  3rd edition (2003), chapter 4, without continuity correction; R's `power.prop.test` computes the same.
- The expected loss of a choice between two values whose difference is normal: the unit normal loss integral of Raiffa
  and Schlaifer, "Applied Statistical Decision Theory" (1961). With a flat prior, the posterior of a difference is
  normal around its estimate, with its standard error.
"""

import math
from dataclasses import dataclass

from scipy import stats

POWER, ALPHA = 0.8, 0.05
"""Wanted power, and two-sided error probability, of an online test."""


@dataclass(frozen=True)
class Belief:
    """A difference as we believe it to be: normal, around `mean` with the standard deviation `error`."""

    mean: float
    error: float

    @property
    def is_better(self) -> float:
        """The probability that the difference is above 0."""
        return float(stats.norm.cdf(self._steps)) if self.error else float(self.mean > 0)

    @property
    def loss_of_shipping(self) -> float:
        """What shipping loses on average: the mean of max(0, -difference)."""
        return self.error * _unit_normal_loss(self._steps) if self.error else max(0.0, -self.mean)

    @property
    def loss_of_keeping(self) -> float:
        """What keeping the old one loses on average: the mean of max(0, difference)."""
        return self.error * _unit_normal_loss(-self._steps) if self.error else max(0.0, self.mean)

    def interval(self) -> tuple[float, float]:
        """Return the ends of the central 95 %."""
        reach = float(stats.norm.ppf(0.975)) * self.error
        return self.mean - reach, self.mean + reach

    @property
    def _steps(self) -> float:
        return self.mean / self.error


def sample_size(one: float, other: float, power: float = POWER, alpha: float = ALPHA) -> int | None:
    """Return the observations in each arm with which a z-test tells two proportions apart.

    None if they are equal, or not both between 0 and 1.
    """
    if one == other or not (0 < one < 1 and 0 < other < 1):
        return None
    mean = (one + other) / 2
    null = float(stats.norm.ppf(1 - alpha / 2)) * math.sqrt(2 * mean * (1 - mean))
    true = float(stats.norm.ppf(power)) * math.sqrt(one * (1 - one) + other * (1 - other))
    return math.ceil(((null + true) / (other - one)) ** 2)


def share_with_any(mean: float) -> float:
    """Return the share of searches with at least one long click, if their number is Poisson with this mean."""
    return -math.expm1(-mean)


def _unit_normal_loss(steps: float) -> float:
    """Return the mean of max(0, X - steps) for a standard normal X."""
    return float(stats.norm.pdf(steps) - steps * stats.norm.sf(steps))
