"""The three calibrators: each estimates the grades of pairs, and says how sure it is. `calibration` fits them."""

from dataclasses import dataclass

import numpy as np

from ranking.labels import signals
from ranking.labels.bags import Bag, Numbers
from ranking.labels.pairs import Estimate, Pairs
from ranking.labels.priors import Prior

FIXED_VERSION, PROXY_VERSION, GRADED_VERSION = "log2-1", "prior-1", "bag-1"
GRADE_PER_DOUBLING = 1.25
"""By the fixed map, the application's own rate gets grade 1.25, and eight times that rate nearly 4."""
PROXY_GRADE_PER_DOUBLING = 1.6
"""The same for rates drawn to a content prior, which spread less."""
PROXY_PRECISION = 0.5
"""1 / variance of the estimate of a pair without traffic, by content alone."""


@dataclass(frozen=True)
class Fixed:
    """Maps the smoothed rate to a grade: 1.25 * log2(1 + rate over the application's rate), at most 4.

    As in every calibrator, `base_precision` is 1 / variance of grades about which nothing is known: the doubt about a
    pair that somebody graded.
    """

    strength: float
    """Weight of the prior of the rate, in examinations."""
    version: str = FIXED_VERSION
    base_precision: float = 1.0

    def estimate(self, pairs: Pairs) -> Estimate:
        """Return the estimate of each pair. Its precision is the weight of its traffic beside the prior."""
        grade = fixed_grade(pairs.rate, pairs.overall_rate, GRADE_PER_DOUBLING)
        trust = pairs.examination / (pairs.examination + self.strength)
        return Estimate(grade, trust, 1 - trust, np.ones(len(grade), dtype=np.bool_))


@dataclass(frozen=True)
class Proxy:
    """Draws the rate of a pair towards its content prior, and maps it to a grade. It needs no human grades."""

    prior: Prior
    strength: float
    version: str = PROXY_VERSION
    base_precision: float = 1.0

    def rates(self, pairs: Pairs) -> tuple[Numbers, Numbers]:
        """Return the prior of the rate, and the rate that the pair's own traffic makes of it."""
        prior = np.exp(self.prior.predict(pairs.content, pairs.fold))
        return prior, drawn_to(pairs, prior, self.strength)

    def estimate(self, pairs: Pairs) -> Estimate:
        """Return the estimate of each pair. Without traffic it has the precision of the prior alone."""
        rate = self.rates(pairs)[1]
        trust = pairs.examination / (pairs.examination + self.strength)
        grade = fixed_grade(rate, pairs.overall_rate, PROXY_GRADE_PER_DOUBLING)
        doubt = np.full(len(grade), self.base_precision)
        return Estimate(grade, PROXY_PRECISION + trust, doubt, np.ones(len(grade), dtype=np.bool_))


@dataclass(frozen=True)
class Graded:
    """The bag on signals and content, with its isotonic map."""

    prior: Prior | None
    proxy: Proxy | None
    bag: Bag
    places: Numbers
    values: Numbers
    """The isotonic map: linear between these points, constant outside their range."""
    warm_precision: float
    cold_precision: float
    support: tuple[Numbers, Numbers]
    """The least and the largest prior and log impressions of the graded pairs."""
    version: str
    base_precision: float

    def held_out(self, count: int) -> Numbers:
        """Return the estimates of the first `count` graded pairs by trees that did not see them, NaN if all did."""
        return np.asarray(np.interp(self.bag.out_of_bag[:count], self.places, self.values))

    def estimate(self, pairs: Pairs) -> Estimate:
        """Return the estimate of each pair."""
        prior = prior_of(self.prior, pairs)
        grade = np.interp(self.bag.predict(columns_of(pairs, prior, self.proxy)), self.places, self.values)
        precision = np.where(pairs.warm, self.warm_precision, self.cold_precision)
        where = position_of(prior, pairs)
        outside = ((where < self.support[0]) | (where > self.support[1])).any(axis=1)
        return Estimate(grade, precision, np.full(len(grade), self.base_precision), np.asarray(outside))


Calibrator = Fixed | Proxy | Graded


def fixed_grade(rate: Numbers, overall_rate: float, per_doubling: float) -> Numbers:
    """Return `per_doubling` * log2(1 + rate / overall_rate), at most 4; 0 if the application has no long clicks."""
    relative = rate / overall_rate if overall_rate > 0 else np.zeros(len(rate))
    return np.asarray(np.minimum(4.0, per_doubling * np.log2(1.0 + relative)))


def drawn_to(pairs: Pairs, prior: Numbers, strength: float) -> Numbers:
    """Return the rate of each pair, drawn to its prior, which weighs as much as `strength` examinations."""
    return np.asarray((pairs.long_clicks + strength * prior) / (pairs.examination + strength))


def prior_of(prior: Prior | None, pairs: Pairs) -> Numbers:
    """Return the content prior of each pair; 0 without one."""
    return prior.predict(pairs.content, pairs.fold) if prior else np.zeros(len(pairs.impressions))


def columns_of(pairs: Pairs, prior: Numbers, proxy: Proxy | None) -> Numbers:
    """Return what the bag sees: the priors of grade and rate, the rate drawn to its prior, and the signals.

    A pair without enough impressions has no signals, and the rate of its prior.
    """
    if proxy is None:
        return np.column_stack([prior, np.zeros(len(prior)), logarithm(pairs.rate), pairs.signals])
    rate_prior, rate = (logarithm(found) for found in proxy.rates(pairs))
    return np.column_stack([prior, rate_prior, np.where(pairs.warm, rate, rate_prior), pairs.signals])


def logarithm(rate: Numbers) -> Numbers:
    """Return the logarithm of a rate, which may be 0."""
    return np.asarray(np.log(np.maximum(rate, signals.TINY)))


def position_of(prior: Numbers, pairs: Pairs, *more: Numbers) -> Numbers:
    """Return where pairs lie among others: prior, log impressions, and the logarithm of more counts."""
    return np.column_stack([prior, np.log1p(pairs.impressions), *(np.log1p(count) for count in more)])
