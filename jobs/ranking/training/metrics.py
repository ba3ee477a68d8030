"""Ranking metrics per group (the list of a query), and their intervals by bootstrap over groups.

`scores`, `gains`, `relevant` and `group` have one entry per row, and the rows of a group are contiguous. A metric has
one value per group. `gains` are what a perfect order sorts by, in descending order: 2^grade - 1, or a rate. nDCG is NaN
for a group without a positive gain, and the other metrics for a group without a relevant row; NaN values are not
counted. Rows with equal scores keep their order, so callers shuffle the rows once with a fixed seed.
"""

from collections.abc import Mapping
from dataclasses import dataclass

import numpy as np

from ranking.training.matrices import Flags, Floats, Whole, group_numbers, group_sizes

NAMES = ("ndcg@1", "ndcg@5", "ndcg@10", "map", "mrr")
RESAMPLES = 1000  # bootstrap samples of an interval
_CHUNK = 2_000_000  # random indices that are in memory at once


@dataclass(frozen=True)
class Interval:
    """A mean with its 95 % interval over `count` groups. All three values are NaN if the count is 0."""

    mean: float
    low: float
    high: float
    count: int


def gains_of(grade: Floats) -> Floats:
    """Return the gain 2^grade - 1 of grades from 0 to 4."""
    return np.exp2(grade) - 1.0


def ndcg(scores: Floats, gains: Floats, group: Whole, at: int) -> Floats:
    """Return nDCG@`at` of each group: its DCG over the DCG of the ideal order.

    DCG sums gain / log2(rank + 1) over the first `at` rows, with ranks counted from 1.
    """
    ideal = _dcg(gains, gains, group, at)
    return _share(_dcg(scores, gains, group, at), ideal)


def average_precision(scores: Floats, relevant: Flags, group: Whole) -> Floats:
    """Return the average precision of each group: the mean, over its relevant rows, of the precision at their rank."""
    number, rank, hit = _ranked(scores, relevant.astype(np.float64), group)
    total, count = np.cumsum(hit), int(number.max(initial=-1)) + 1
    before = np.r_[0.0, total][_starts(group)]
    precision = hit * (total - before[number]) / (rank + 1)
    return _share(_sums(number, precision, count), _sums(number, hit, count))


def reciprocal_rank(scores: Floats, relevant: Flags, group: Whole) -> Floats:
    """Return the reciprocal rank of the first relevant row of each group."""
    number, rank, hit = _ranked(scores, relevant.astype(np.float64), group)
    best = np.zeros(int(number.max(initial=-1)) + 1)
    np.maximum.at(best, number, hit / (rank + 1))
    return np.where(best > 0, best, np.nan)


def all_metrics(scores: Floats, gains: Floats, relevant: Flags, group: Whole) -> dict[str, Floats]:
    """Return each metric of `NAMES` with one value per group."""
    values = {f"ndcg@{at}": ndcg(scores, gains, group, at) for at in (1, 5, 10)}
    values["map"] = average_precision(scores, relevant, group)
    return {**values, "mrr": reciprocal_rank(scores, relevant, group)}


def interval(values: Floats, seed: int) -> Interval:
    """Return the mean and the 95 % percentile interval over the values that are not NaN, by bootstrap with a seed."""
    counted = values[~np.isnan(values)]
    if not len(counted):
        return Interval(float("nan"), float("nan"), float("nan"), 0)
    low, high = np.quantile(_resampled_means(counted, seed), [0.025, 0.975])
    return Interval(float(counted.mean()), float(low), float(high), len(counted))


def summarise(values: Mapping[str, Floats], seed: int) -> dict[str, list[float] | None]:
    """Return each metric as [mean, low, high], rounded to six digits, or None if all its values are NaN."""
    found = {name: interval(numbers, seed) for name, numbers in values.items()}
    return {n: [round(x, 6) for x in (i.mean, i.low, i.high)] if i.count else None for n, i in found.items()}


def _resampled_means(values: Floats, seed: int) -> Floats:
    rng, size = np.random.default_rng(seed), len(values)
    step = max(1, _CHUNK // size)
    rounds = [min(step, RESAMPLES - done) for done in range(0, RESAMPLES, step)]
    return np.concatenate([values[rng.integers(0, size, (count, size))].mean(axis=1) for count in rounds])


def _share(part: Floats, whole: Floats) -> Floats:
    shares: Floats = np.divide(part, whole, out=np.full(len(whole), np.nan), where=whole > 0)
    return shares


def _dcg(scores: Floats, gains: Floats, group: Whole, at: int) -> Floats:
    number, rank, gain = _ranked(scores, gains, group)
    discounted = np.where(rank < at, gain / np.log2(rank + 2.0), 0.0)
    return _sums(number, discounted, int(number.max(initial=-1)) + 1)


def _sums(number: Whole, values: Floats, count: int) -> Floats:
    return np.bincount(number, values, count).astype(np.float64)


def _ranked(scores: Floats, values: Floats, group: Whole) -> tuple[Whole, Whole, Floats]:
    """Sort each group by descending score and return the group number, the rank from 0 and the value of each row."""
    number = group_numbers(group)
    order = np.lexsort((-scores, number))
    rank = np.arange(len(scores)) - _starts(group)[number]
    return number, rank, values[order]


def _starts(group: Whole) -> Whole:
    sizes = group_sizes(group)
    return np.cumsum(sizes) - sizes
