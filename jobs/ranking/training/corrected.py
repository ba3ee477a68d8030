"""Few grades, used to the full: labels judge all queries, and grades correct the labels.

Prediction-powered inference (Angelopoulos et al., Science 2023; with the weight of PPI++, arXiv 2311.01453) applied to
the difference of two rankers. Our labels judge every query, but they contain a prior made of the rankers' inputs, so
they may favour one. On graded queries the grades show by how much the labels err; this corrects the result. It is
unbiased whatever the errors of the labels are, if the graded queries are like the others.

The difference of a query is the difference of its DCG@10 by the two orders, over its ideal DCG@10 by labels. That ideal
is the same for both rankers and does not depend on grades.
"""

from dataclasses import dataclass

import numpy as np

from ranking.training import differences, metrics
from ranking.training.differences import Difference
from ranking.training.evaluation import TOP
from ranking.training.matrices import Examples, Flags, Floats, Whole, group_sizes

COVERED = 0.7
"""Share of the items in the two top ten lists of a query that must be graded. Below, its grades do not decide."""
LEAST_IDEAL = 1.0
"""The least ideal DCG by which a difference is divided: that of a single item of grade 1."""


@dataclass(frozen=True)
class Corrected:
    """The difference by grades alone, and by labels that the grades correct, with the number of other queries."""

    by_grades: Difference
    corrected: Difference
    others: int


def difference(test: Examples, human: Floats, ours: Floats, theirs: Floats) -> Corrected:
    """Compare two rankers on the test part.

    Args:
        test: The test part.
        human: The human grade of each row, from 0 to 4; NaN for rows that are not graded. Only the grades of exam
            queries decide. Other graded queries count for nothing, because the labels have learnt from their grades.
        ours: The scores of one ranker.
        theirs: The scores of the other one. The difference is positive if `ours` is better.
    """
    per_query = _PerQuery.of(test, human, ours, theirs)
    by_labels, graded = per_query.by_labels, per_query.graded
    by_grades = by_labels[graded] + per_query.correction[graded]
    others = by_labels[~per_query.any_grade]
    alone = differences.over(by_grades)
    return Corrected(alone, _powered(alone, by_grades, by_labels[graded], others), len(others))


def well_graded(test: Examples, human: Floats, ours: Floats, theirs: Floats) -> int:
    """Return how many queries have enough grades to decide between two rankers."""
    return int(_PerQuery.of(test, human, ours, theirs).graded.sum())


def _powered(alone: Difference, by_grades: Floats, by_labels: Floats, others: Floats) -> Difference:
    """Return mean(by_grades) + weight * (mean(others) - mean(by_labels)), with the weight of the least variance.

    With weight 0 it is the difference by grades alone. The weight is cov / (var * (1 + graded / others)), from 0 to 1.
    """
    count, spread = len(by_grades), float(by_labels.var(ddof=1)) if len(by_labels) > 1 else 0.0
    if count < 2 or len(others) < 2 or spread == 0:
        return alone
    shared = float(np.cov(by_grades, by_labels, ddof=1)[0, 1])
    weight = min(1.0, max(0.0, shared / spread / (1 + count / len(others))))
    rest = by_grades - weight * by_labels
    variance = rest.var(ddof=1) / count + weight**2 * others.var(ddof=1) / len(others)
    return Difference(float(rest.mean() + weight * others.mean()), float(np.sqrt(variance)), count)


@dataclass(frozen=True)
class _PerQuery:
    """What labels and grades say of each query.

    `by_labels` is the difference by labels. `correction` is what grades add to it, extrapolated from the graded items
    of the two top ten lists to all items of them; it counts where `graded` is true, for exam queries with enough
    grades. `any_grade` marks queries with at least one grade.
    """

    by_labels: Floats
    correction: Floats
    graded: Flags
    any_grade: Flags

    @classmethod
    def of(cls, test: Examples, human: Floats, ours: Floats, theirs: Floats) -> "_PerQuery":
        number, count = _numbers(test.group)
        mine, rival = (_discounts(scores, number) for scores in (ours, theirs))
        moved, listed = mine - rival, (mine > 0) | (rival > 0)
        label, known = metrics.gains_of(test.grade), ~np.isnan(human)
        ideal = np.maximum(_sums(label * _discounts(label, number), number, count), LEAST_IDEAL)
        error = np.where(known, metrics.gains_of(np.where(known, human, 0.0)) - label, 0.0)
        seen, wanted = _sums(known & listed, number, count), _sums(listed, number, count)
        scale = np.divide(wanted, seen, out=np.zeros(count), where=seen > 0)
        correction = scale * _sums(error * moved, number, count) / ideal
        by_labels = _sums(label * moved, number, count) / ideal
        any_grade, exam = _sums(known, number, count) > 0, _sums(test.exam, number, count) > 0
        return cls(by_labels, correction, exam & (seen > 0) & (seen >= COVERED * wanted), any_grade)


def _numbers(group: Whole) -> tuple[Whole, int]:
    """Return the number of the group of each row, and how many groups there are."""
    sizes = group_sizes(group)
    return np.repeat(np.arange(len(sizes)), sizes), len(sizes)


def _discounts(scores: Floats, number: Whole) -> Floats:
    """Return 1 / log2(rank + 1) of each row in its group by descending score, and 0 below the first ten."""
    order = np.lexsort((-scores, number))
    rank = np.empty(len(scores), dtype=np.int64)
    rank[order] = np.arange(len(scores)) - np.flatnonzero(np.r_[True, np.diff(number) > 0])[number]
    return np.where(rank < TOP, 1.0 / np.log2(rank + 2.0), 0.0)


def _sums(values: Floats | Flags, number: Whole, count: int) -> Floats:
    return np.bincount(number, values, count).astype(np.float64)
