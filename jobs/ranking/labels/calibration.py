"""Calibrators: from the signals and the content of a pair to an estimated grade from 0 to 4.

With human grades (after Zou et al., A Large Scale Search Dataset for Unbiased Learning to Rank, KDD 2021, and with a
content prior in addition): a bag of small trees on signals and content prior, fitted on the grades. Pairs without
enough impressions have no signals, so each graded pair with signals is used a second time without them. An isotonic
map, fitted on out-of-bag predictions, makes the estimates calibrated.

Without: the content prior of the rate of long clicks per examination, in two rounds; the pair's own traffic draws its
rate away from the prior, and a fixed map makes a grade of it.

A calibrator belongs to one (application, cut). It uses only grades that were known at that cut, and none of exam
queries.
"""

from dataclasses import dataclass

import numpy as np
import numpy.typing as npt
from sklearn.isotonic import IsotonicRegression

from ranking.labels import bags, graders, priors, signals
from ranking.labels.bags import Bag, Groups, Growth, Numbers
from ranking.labels.priors import Flags, Prior

FIXED_VERSION, PROXY_VERSION, GRADED_VERSION = "log2-1", "prior-1", "bag-1"
GRADE_PER_DOUBLING = 1.25
"""By the fixed map, the application's own rate gets grade 1.25, and eight times that rate nearly 4."""
PROXY_GRADE_PER_DOUBLING = 1.6
"""The same for rates drawn to a content prior, which spread less."""
PROXY_PRECISION = 0.5
"""1 / variance of the estimate of a pair without traffic, by content alone."""
LEAST_PAIRS = 200
"""Pairs with enough impressions that a content prior needs."""
SIGNAL_GROWTH, GROWTH = Growth(20, 8, 8, straight=3), Growth(40, 8, 8, straight=3)
TRUST_LOOKS = 20.0
"""Examinations from which the traffic of a pair weighs half when the prior is fitted."""
USUAL_ERROR = 0.6
"""The variance of estimates from traffic, by which they and human grades are mixed when the prior is fitted."""
TWIN_WEIGHT = 0.5
"""Weight of a graded pair without its signals; the pair itself weighs 1."""
MAPS = 20
"""Isotonic maps that are averaged, each fitted on a bootstrap sample of queries, so that the map has no flat steps."""
SEED = 7


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


@dataclass(frozen=True)
class Fixed:
    """Maps the smoothed rate to a grade: 1.25 * log2(1 + rate over the application's rate), at most 4.

    As in every calibrator, `human_precision` is 1 / variance of one human grade, and `base_precision` that of grades
    about which nothing is known: the doubt about a pair that people graded.
    """

    strength: float
    """Weight of the prior of the rate, in examinations."""
    version: str = FIXED_VERSION
    human_precision: float = 1 / graders.USUAL_VARIANCE
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
    human_precision: float = 1 / graders.USUAL_VARIANCE
    base_precision: float = 1.0

    def rates(self, pairs: Pairs) -> tuple[Numbers, Numbers]:
        """Return the prior of the rate, and the rate that the pair's own traffic makes of it."""
        prior = np.exp(self.prior.predict(pairs.content, pairs.fold))
        return prior, _drawn(pairs, prior, self.strength)

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
    human_precision: float
    base_precision: float

    def estimate(self, pairs: Pairs) -> Estimate:
        """Return the estimate of each pair."""
        prior = _prior_of(self.prior, pairs)
        grade = np.interp(self.bag.predict(_columns(pairs, prior, self.proxy)), self.places, self.values)
        precision = np.where(pairs.warm, self.warm_precision, self.cold_precision)
        where = _position(prior, pairs)
        outside = ((where < self.support[0]) | (where > self.support[1])).any(axis=1)
        return Estimate(grade, precision, np.full(len(grade), self.base_precision), np.asarray(outside))


Calibrator = Fixed | Proxy | Graded


def fit(pairs: Pairs, grades: Grades, at_least: int, strength: float) -> Calibrator:
    """Return the best calibrator for a cut: graded with `at_least` usable grades, else by content, else fixed.

    The rows must be in a fixed order.
    """
    enough = int(pairs.warm.sum()) >= LEAST_PAIRS
    usable = grades.usable
    if int(usable.sum()) >= at_least and np.ptp(grades.mean[usable]) > 0:
        return _fit_graded(pairs, grades, strength, enough and pairs.content.shape[1] > 0)
    if enough and pairs.content.shape[1] and pairs.overall_rate > 0:
        return Proxy(_rate_prior(pairs, strength), strength)
    return Fixed(strength)


def fixed_grade(rate: Numbers, overall_rate: float, per_doubling: float) -> Numbers:
    """Return `per_doubling` * log2(1 + rate / overall_rate), at most 4; 0 if the application has no long clicks."""
    relative = rate / overall_rate if overall_rate > 0 else np.zeros(len(rate))
    return np.asarray(np.minimum(4.0, per_doubling * np.log2(1.0 + relative)))


def _rate_prior(pairs: Pairs, strength: float) -> Prior:
    """Fit the prior of the log rate in two rounds: the second one learns from rates drawn to the first prior."""
    weight = _trust(pairs)

    def learn(rate: Numbers, seed: int) -> Prior:
        wanted = _logarithm(rate)
        return priors.fit(pairs.content, pairs.query, pairs.fold, lambda _: (wanted, weight), seed)

    first = learn(pairs.rate, SEED)
    return learn(_drawn(pairs, np.exp(first.predict(pairs.content, pairs.fold)), strength), SEED + 10)


def _drawn(pairs: Pairs, prior: Numbers, strength: float) -> Numbers:
    return np.asarray((pairs.long_clicks + strength * prior) / (pairs.examination + strength))


def _trust(pairs: Pairs) -> Numbers:
    """Return the weight of a pair's traffic when a prior is fitted."""
    return np.where(pairs.warm, pairs.examination / (pairs.examination + TRUST_LOOKS), 0.0)


def _fit_graded(pairs: Pairs, grades: Grades, strength: float, by_content: bool) -> Graded:
    usable = np.flatnonzero(grades.usable)
    noise = graders.grade_variance(grades.spread[usable], grades.count[usable])
    prior = _grade_prior(pairs, grades, noise) if by_content else None
    proxy = Proxy(_rate_prior(pairs, strength), strength) if by_content and pairs.overall_rate > 0 else None
    value = _prior_of(prior, pairs)
    chances = graders.chance_weights(
        grades.usable[grades.allowed], _position(value, pairs, pairs.query_impressions)[grades.allowed],
        grades.weight[usable],
    )  # fmt: skip
    columns, target, query = _columns(pairs, value, proxy)[usable], grades.mean[usable], pairs.query[usable]
    warm = np.flatnonzero(pairs.warm[usable])
    masked = columns[warm].copy()
    masked[:, 2] = masked[:, 1]
    masked[:, 3:] = np.nan
    rows = np.r_[np.arange(len(usable)), warm]
    weight = np.r_[chances, TWIN_WEIGHT * chances[warm]]
    bag = bags.grow(np.vstack([columns, masked]), target[rows], weight, query[rows], GROWTH, SEED)
    places, values = _isotonic(bag.out_of_bag, target[rows], weight, query[rows])
    error = (target[rows] - np.interp(bag.out_of_bag, places, values)) ** 2
    has_signals = np.r_[pairs.warm[usable], np.zeros(len(warm), dtype=np.bool_)]
    where = _position(value, pairs)[usable]
    return Graded(
        prior, proxy, bag, places, values,
        _precision(error[has_signals], noise), _precision(error[~has_signals], noise),
        (where.min(axis=0), where.max(axis=0)), f"{GRADED_VERSION}, grades={int(grades.count[usable].sum())}",
        1.0 / noise, 1.0 / max(float(target.var()), 0.1),
    )  # fmt: skip


def _grade_prior(pairs: Pairs, grades: Grades, noise: float) -> Prior:
    """Fit the content prior of the grade: of what trees on signals estimate, and of the grades themselves.

    A grade counts less the noisier (`noise`, a variance) the graders are.
    """
    usable, trust = grades.usable, _trust(pairs)
    share = USUAL_ERROR / (USUAL_ERROR + noise)

    def target(seen: Flags) -> tuple[Numbers, Numbers]:
        wanted, weight = np.zeros(len(seen)), trust.copy()
        taught = np.flatnonzero(usable & seen & pairs.warm)
        if len(taught):
            ones = np.ones(len(taught))
            columns = _of_traffic(pairs)
            bag = bags.grow(columns[taught], grades.mean[taught], ones, pairs.query[taught], SIGNAL_GROWTH, SEED)
            wanted = bag.predict(columns)
        else:
            weight[:] = 0.0
        own = usable & seen
        mixed = share * grades.mean[own] + (1 - share) * wanted[own]
        wanted[own] = np.where(pairs.warm[own], mixed, grades.mean[own])
        weight[own] = np.where(pairs.warm[own], 1.0, share)
        return wanted, weight

    return priors.fit(pairs.content, pairs.query, pairs.fold, target, SEED)


def _of_traffic(pairs: Pairs) -> Numbers:
    """Return what traffic alone says: the logarithms of rates that all pairs have, and the signals."""
    rates = [_logarithm(np.nan_to_num(pairs.signals[:, column])) for column in (0, 2)]
    return np.column_stack([_logarithm(pairs.rate), *rates, pairs.signals])


def _prior_of(prior: Prior | None, pairs: Pairs) -> Numbers:
    return prior.predict(pairs.content, pairs.fold) if prior else np.zeros(len(pairs.impressions))


def _columns(pairs: Pairs, prior: Numbers, proxy: Proxy | None) -> Numbers:
    """Return what the bag sees: the priors of grade and rate, the rate drawn to its prior, and the signals.

    A pair without enough impressions has no signals, and the rate of its prior.
    """
    if proxy is None:
        return np.column_stack([prior, np.zeros(len(prior)), _logarithm(pairs.rate), pairs.signals])
    rate_prior, rate = (_logarithm(found) for found in proxy.rates(pairs))
    return np.column_stack([prior, rate_prior, np.where(pairs.warm, rate, rate_prior), pairs.signals])


def _logarithm(rate: Numbers) -> Numbers:
    return np.asarray(np.log(np.maximum(rate, signals.TINY)))


def _position(prior: Numbers, pairs: Pairs, *more: Numbers) -> Numbers:
    """Return where pairs lie among others: prior, log impressions, and the logarithm of more counts."""
    return np.column_stack([prior, np.log1p(pairs.impressions), *(np.log1p(count) for count in more)])


def _isotonic(found: Numbers, target: Numbers, weight: Numbers, query: Groups) -> tuple[Numbers, Numbers]:
    """Return the points of the mean of `MAPS` isotonic maps from out-of-bag predictions to grades."""
    known = ~np.isnan(found)
    found, target, weight = found[known], target[known], weight[known]
    _, number = np.unique(query[known], return_inverse=True)
    places = np.unique(np.round(found, 6))
    rng = np.random.default_rng(SEED)
    total = np.zeros(len(places))
    for _ in range(MAPS):
        count = int(number.max()) + 1
        drawn = np.bincount(rng.integers(0, count, count), minlength=count)[number] * weight
        rows = np.flatnonzero(drawn)
        fitted = IsotonicRegression(out_of_bounds="clip").fit(found[rows], target[rows], sample_weight=drawn[rows])
        total += fitted.predict(places)
    return places, np.clip(total / MAPS, 0.0, 4.0)


def _precision(squared_error: npt.NDArray[np.float64], noise: float) -> float:
    """Return 1 / variance of the estimates, from their squared distance to grades, less the noise of the grades."""
    known = squared_error[~np.isnan(squared_error)]
    error = float(known.mean()) if len(known) else 1.0
    return 1.0 / max(error - noise, 0.1)
