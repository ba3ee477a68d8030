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

import numpy as np
import numpy.typing as npt
from sklearn.isotonic import IsotonicRegression

from ranking.labels import bags, graders, priors
from ranking.labels.bags import Groups, Growth, Numbers
from ranking.labels.calibrators import (
    GRADED_VERSION,
    Calibrator,
    Fixed,
    Graded,
    Proxy,
    columns_of,
    drawn_to,
    logarithm,
    position_of,
    prior_of,
)
from ranking.labels.graders import Noise
from ranking.labels.pairs import Grades, Grading, Pairs
from ranking.labels.priors import Flags, Prior

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


def fit_by_source(
    pairs: Pairs, grading: Grading, machines: frozenset[str], at_least: int, strength: float
) -> tuple[Calibrator, Noise]:
    """Fit the noise of each source of grades, and the calibrator with grades that are weighed by it.

    Sources are compared by the pairs that they share, and by how far they are from the estimates of a first calibrator.
    """
    graded = grading.usable
    noise = graders.fit_noise(graded, machines)
    found = fit(pairs, grading.with_noise(noise), at_least, strength)
    if isinstance(found, Graded) and len(noise.variance) > 1:
        estimate = np.full(len(grading.weight), np.nan)
        estimate[np.unique(graded.pair)] = found.held_out(len(np.unique(graded.pair)))
        noise = graders.fit_noise(graded, machines, estimate[graded.pair])
        found = fit(pairs, grading.with_noise(noise), at_least, strength)
    return found, noise


def _rate_prior(pairs: Pairs, strength: float) -> Prior:
    """Fit the prior of the log rate in two rounds: the second one learns from rates drawn to the first prior."""
    weight = _trust(pairs)

    def learn(rate: Numbers, seed: int) -> Prior:
        wanted = logarithm(rate)
        return priors.fit(pairs.content, pairs.query, pairs.fold, lambda _: (wanted, weight), seed)

    first = learn(pairs.rate, SEED)
    return learn(drawn_to(pairs, np.exp(first.predict(pairs.content, pairs.fold)), strength), SEED + 10)


def _trust(pairs: Pairs) -> Numbers:
    """Return the weight of a pair's traffic when a prior is fitted."""
    return np.where(pairs.warm, pairs.examination / (pairs.examination + TRUST_LOOKS), 0.0)


def _fit_graded(pairs: Pairs, grades: Grades, strength: float, by_content: bool) -> Graded:
    usable = np.flatnonzero(grades.usable)
    noise = 1.0 / grades.precision[usable]
    prior = _grade_prior(pairs, grades) if by_content else None
    proxy = Proxy(_rate_prior(pairs, strength), strength) if by_content and pairs.overall_rate > 0 else None
    value = prior_of(prior, pairs)
    chances = graders.chance_weights(
        grades.usable[grades.allowed], position_of(value, pairs, pairs.query_impressions)[grades.allowed],
        grades.weight[usable],
    ) * _trust_in_grades(noise)  # fmt: skip
    columns, target, query = columns_of(pairs, value, proxy)[usable], grades.mean[usable], pairs.query[usable]
    warm = np.flatnonzero(pairs.warm[usable])
    masked = columns[warm].copy()
    masked[:, 2] = masked[:, 1]
    masked[:, 3:] = np.nan
    rows = np.r_[np.arange(len(usable)), warm]
    weight = np.r_[chances, TWIN_WEIGHT * chances[warm]]
    bag = bags.grow(np.vstack([columns, masked]), target[rows], weight, query[rows], GROWTH, SEED)
    places, values = _isotonic(bag.out_of_bag, target[rows], weight, query[rows])
    error = (target[rows] - np.interp(bag.out_of_bag, places, values)) ** 2
    spread = noise[rows]
    has_signals = np.r_[pairs.warm[usable], np.zeros(len(warm), dtype=np.bool_)]
    where = position_of(value, pairs)[usable]
    return Graded(
        prior, proxy, bag, places, values,
        _precision(error[has_signals], spread[has_signals]), _precision(error[~has_signals], spread[~has_signals]),
        (where.min(axis=0), where.max(axis=0)), f"{GRADED_VERSION}, grades={int(grades.count[usable].sum())}",
        1.0 / max(float(target.var()), 0.1),
    )  # fmt: skip


def _trust_in_grades(noise: Numbers) -> Numbers:
    """Return the weight of each grade by its variance `noise`, with mean 1."""
    weight = 1.0 / (USUAL_ERROR + noise)
    return np.asarray(weight / weight.mean())


def _grade_prior(pairs: Pairs, grades: Grades) -> Prior:
    """Fit the content prior of the grade: of what trees on signals estimate, and of the grades themselves.

    A grade counts less the noisier its graders are.
    """
    usable, trust = grades.usable, _trust(pairs)
    sure = USUAL_ERROR * grades.precision
    share = sure / (sure + 1.0)

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
        mixed = share[own] * grades.mean[own] + (1 - share[own]) * wanted[own]
        wanted[own] = np.where(pairs.warm[own], mixed, grades.mean[own])
        weight[own] = np.where(pairs.warm[own], 1.0, share[own])
        return wanted, weight

    return priors.fit(pairs.content, pairs.query, pairs.fold, target, SEED)


def _of_traffic(pairs: Pairs) -> Numbers:
    """Return what traffic alone says: the logarithms of rates that all pairs have, and the signals."""
    rates = [logarithm(np.nan_to_num(pairs.signals[:, column])) for column in (0, 2)]
    return np.column_stack([logarithm(pairs.rate), *rates, pairs.signals])


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


def _precision(squared_error: npt.NDArray[np.float64], noise: Numbers) -> float:
    """Return 1 / variance of the estimates, from their squared distance to grades, less the noise of the grades."""
    known = ~np.isnan(squared_error)
    error = float((squared_error - noise)[known].mean()) if known.any() else 1.0 - graders.USUAL_VARIANCE
    return 1.0 / max(error, 0.1)
