"""What grades are worth: how noisy and how strict each source of grades is, and how likely each pair was to be graded.

A source is a group of graders: people, a judgment list, or a program such as a language model. The grade of a pair by a
source is the pair's true grade, plus the bias of the source, plus noise. The variances of the noise are found by the
method of moments, from

- the spread of the grades that one source gives to one pair,
- the spread of the differences of two sources over the pairs that both graded: its variance is the sum of theirs,
- the distance of a source from an estimate that does not know its grades: it is the variance of the source plus that of
  the estimate, which is the same for all sources,
- an assumption, which weighs as much as a few repeated grades.

Biases are differences from one reference source. Programs never are the reference if people graded too.
"""

from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field
from itertools import combinations

import numpy as np
import numpy.typing as npt
from scipy.optimize import lsq_linear
from sklearn.linear_model import LogisticRegression

Numbers = npt.NDArray[np.float64]
Whole = npt.NDArray[np.int64]
Flags = npt.NDArray[np.bool_]

USUAL_VARIANCE = 0.25
"""The variance of a grade that is assumed without repeated grades: half a grade, as between trained graders."""
MACHINE_VARIANCE = 0.5
"""The same for a program, whose grades are further from those of people."""
USUAL_REPEATS = 10.0
"""How many repeated grades the assumption weighs as much as."""
LEAST_VARIANCE, MOST_VARIANCE = 0.02, 4.0
WEIGHT_BOUNDS = (0.25, 4.0)
"""Clips the weight of a grade, as a multiple of the mean weight."""

Equation = tuple[dict[str, float], float, float]
"""Shares of unknown variances, what they sum to, and the number of grades that say so."""
_ESTIMATE = ""
"""Names the unknown variance of the estimate among those of the sources."""


@dataclass(frozen=True)
class BySource:
    """Grades with one entry per pair and source: the row of the pair, the source, and mean, number and spread.

    `spread` is the sum of the squared distances of the grades from their mean.
    """

    pair: Whole
    source: npt.NDArray[np.str_]
    mean: Numbers
    count: Numbers
    spread: Numbers

    def take(self, rows: Flags) -> "BySource":
        """Return the marked entries."""
        return BySource(*(getattr(self, name)[rows] for name in vars(self)))

    def grades_by(self, source: str) -> float:
        """Return the number of grades of a source."""
        return float(self.count[self.source == source].sum())


@dataclass(frozen=True)
class Noise:
    """The variance of one grade, and the bias, of each source. A source that it does not know is as usual."""

    variance: Mapping[str, float] = field(default_factory=dict)
    bias: Mapping[str, float] = field(default_factory=dict)

    def merge(self, graded: BySource, size: int) -> tuple[Numbers, Numbers]:
        """Return the mean grade of each of `size` pairs, NaN without one, and 1 / variance of the mean.

        Grades are weighed by their precision, and moved by the bias of their source.
        """
        variance = np.array([self.variance.get(name, USUAL_VARIANCE) for name in graded.source], dtype=np.float64)
        bias = np.array([self.bias.get(name, 0.0) for name in graded.source], dtype=np.float64)
        weight = graded.count / variance
        precision = np.bincount(graded.pair, weight, size).astype(np.float64)
        total = np.bincount(graded.pair, weight * np.clip(graded.mean - bias, 0.0, 4.0), size).astype(np.float64)
        mean = np.divide(total, precision, out=np.full(size, np.nan), where=precision > 0)
        return mean, precision


def fit_noise(graded: BySource, machines: frozenset[str], estimate: Numbers | None = None) -> Noise:
    """Return the noise of each source.

    Args:
        graded: The grades that may be used.
        machines: The sources that are programs.
        estimate: For each entry of `graded`, an estimate of the pair's grade that does not know it; NaN if there is
            none.
    """
    names = sorted(set(graded.source.tolist()))
    if not names:
        return Noise()
    bias = _biases(graded, names, machines)
    equations = [*_assumed(names, machines), *_repeated(graded, names), *_shared(graded, names)]
    if estimate is not None and len(names) > 1:
        equations += _estimated(graded, names, estimate)
    return Noise(_solve(equations), bias)


def chance_weights(graded: Flags, columns: Numbers, given: Numbers) -> Numbers:
    """Return for each graded pair the clipped inverse of its chance to be graded, with mean 1.

    If the weights that the judgments give (`given`, one per graded pair) differ, they are used. Otherwise the chance is
    fitted by logistic regression on `columns`, which has a row for every pair: without them, grades of the pairs that
    everybody sees would count for all others.
    """
    weight = given if np.ptp(given) > 0 else 1.0 / _chances(graded, columns)[graded]
    weight = np.clip(weight / weight.mean(), *WEIGHT_BOUNDS)
    return np.asarray(weight / weight.mean())


def _biases(graded: BySource, names: list[str], machines: frozenset[str]) -> dict[str, float]:
    """Return the mean difference of each source from the reference, drawn to 0 if they share few pairs."""
    reference = max(names, key=lambda name: (name not in machines, graded.grades_by(name), name))
    found = {}
    for name in names:
        one, other = _common(graded, name, reference)
        apart = graded.mean[one] - graded.mean[other]
        found[name] = float(apart.sum() / (len(apart) + USUAL_REPEATS)) if name != reference else 0.0
    return found


def _assumed(names: list[str], machines: frozenset[str]) -> Iterator[Equation]:
    for name in names:
        yield {name: 1.0}, MACHINE_VARIANCE if name in machines else USUAL_VARIANCE, USUAL_REPEATS


def _repeated(graded: BySource, names: list[str]) -> Iterator[Equation]:
    for name in names:
        rows = graded.source == name
        repeats = float(np.maximum(graded.count[rows] - 1, 0).sum())
        if repeats:
            yield {name: 1.0}, float(graded.spread[rows].sum()) / repeats, repeats


def _shared(graded: BySource, names: list[str]) -> Iterator[Equation]:
    for name, other in combinations(names, 2):
        one, two = _common(graded, name, other)
        if len(one) > 1:
            shares = {name: _mean_share(graded, one), other: _mean_share(graded, two)}
            yield shares, float(np.var(graded.mean[one] - graded.mean[two], ddof=1)), float(len(one) - 1)


def _estimated(graded: BySource, names: list[str], estimate: Numbers) -> Iterator[Equation]:
    for name in names:
        rows = np.flatnonzero((graded.source == name) & ~np.isnan(estimate))
        if len(rows) > 1:
            distance = float(np.var(graded.mean[rows] - estimate[rows], ddof=1))
            yield {name: _mean_share(graded, rows), _ESTIMATE: 1.0}, distance, float(len(rows) - 1)


def _mean_share(graded: BySource, rows: Whole) -> float:
    """Return the variance of a mean grade as a share of that of one grade."""
    return float((1.0 / graded.count[rows]).mean())


def _common(graded: BySource, one: str, other: str) -> tuple[Whole, Whole]:
    """Return the entries of two sources for the pairs that both graded, in the same order."""
    first, second = (np.flatnonzero(graded.source == name) for name in (one, other))
    _, at_first, at_second = np.intersect1d(graded.pair[first], graded.pair[second], return_indices=True)
    return first[at_first], second[at_second]


def _solve(equations: list[Equation]) -> dict[str, float]:
    """Return the variances that meet the equations best, weighed by the number of grades behind each."""
    unknown = sorted({name for shares, _, _ in equations for name in shares})
    weight = np.sqrt(np.array([count for _, _, count in equations]))
    shares = np.array([[shares.get(name, 0.0) for name in unknown] for shares, _, _ in equations])
    wanted = np.array([value for _, value, _ in equations])
    found = lsq_linear(shares * weight[:, None], wanted * weight, bounds=(LEAST_VARIANCE, MOST_VARIANCE)).x
    return {name: round(float(value), 9) for name, value in zip(unknown, found, strict=True) if name != _ESTIMATE}


def _chances(graded: Flags, columns: Numbers) -> Numbers:
    if graded.all():
        return np.ones(len(graded))
    spread = columns.std(axis=0)
    scaled = (columns - columns.mean(axis=0)) / np.where(spread > 0, spread, 1.0)
    fitted = LogisticRegression(C=1.0).fit(scaled, graded)
    return np.asarray(np.maximum(fitted.predict_proba(scaled)[:, 1], 1e-6))
