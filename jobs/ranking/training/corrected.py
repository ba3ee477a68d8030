"""Few grades, used to the full: labels judge all queries, and grades correct the labels.

Prediction-powered inference (Angelopoulos et al., Science 2023; with the weight of PPI++, arXiv 2311.01453) applied to
the difference of two rankers. Our labels judge every query, but they contain a prior made of the rankers' inputs, so
they may favour one. On graded queries the grades show by how much the labels err; this corrects the result. It is
unbiased whatever the errors of the labels are, if the graded queries are like the others.

The difference of a list is the difference of its DCG@10 by the two orders, over its ideal DCG@10, which is the same for
both rankers. The lists of a query, at several cuts, count as one.
"""

from dataclasses import dataclass

import numpy as np

from ranking.training import differences, evaluation, metrics
from ranking.training.differences import Difference
from ranking.training.evaluation import TOP
from ranking.training.matrices import Examples, Flags, Floats, Whole, group_numbers, group_sizes

COVERED = 0.9
"""Share of what two orders of a query move, in discounts, that must be graded. Below, its grades do not decide."""
LEAST_IDEAL = 1.0
"""The least ideal DCG by which a difference is divided: that of a single item of grade 1."""


@dataclass(frozen=True)
class Corrected:
    """The difference by grades alone, and by labels that the grades correct, with the number of other queries.

    Both count the queries that have enough grades to decide.
    """

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
    return ListDifferences.of(test, human, ours, theirs).over(evaluation.queries_of(test))


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
class ListDifferences:
    """What labels and grades say of each list.

    `by_labels` is the difference by labels. `by_grades` is the difference by grades, with labels for the few items
    without one; it counts where `graded` is true, for lists of exam queries with enough grades. `any_grade` marks lists
    with at least one grade.
    """

    by_labels: Floats
    by_grades: Floats
    graded: Flags
    any_grade: Flags

    @classmethod
    def of(cls, test: Examples, human: Floats, ours: Floats, theirs: Floats) -> "ListDifferences":
        """Compare two orders of each list of the test part. The arguments are those of `difference`."""
        number, count = group_numbers(test.group), len(group_sizes(test.group))
        moved = _discounts(ours, number) - _discounts(theirs, number)
        label, known = metrics.gains_of(test.grade), ~np.isnan(human)
        gain = np.where(known, metrics.gains_of(np.where(known, human, 0.0)), label)
        by_labels, by_grades = (
            _sums(each * moved, number, count) / _ideal(each, number, count) for each in (label, gain)
        )
        seen, wanted = (_sums(np.abs(moved) * rows, number, count) for rows in (known, np.ones(len(known))))
        any_grade, exam = _sums(known, number, count) > 0, _sums(test.exam, number, count) > 0
        return cls(by_labels, by_grades, exam & any_grade & (seen >= COVERED * wanted), any_grade)

    @property
    def by_grades_alone(self) -> Floats:
        """The difference of each list by grades; NaN for a list whose grades do not decide."""
        return np.where(self.graded, self.by_grades, np.nan)

    def over(self, query: Whole, lists: Flags | None = None) -> Corrected:
        """Return the difference over the marked lists, or over all. `query` is the number of the query of each list."""
        counted = np.ones(len(query), dtype=np.bool_) if lists is None else lists
        graded, free = self.graded & counted, ~self.any_grade & counted
        by_grades, by_labels, others = (
            evaluation.means(values[rows], query[rows])
            for values, rows in ((self.by_grades, graded), (self.by_labels, graded), (self.by_labels, free))
        )
        alone = differences.over(by_grades)
        return Corrected(alone, _powered(alone, by_grades, by_labels, others), len(others))


def _ideal(gain: Floats, number: Whole, count: int) -> Floats:
    """Return the DCG@10 of the best order of each list, at least LEAST_IDEAL."""
    return np.maximum(_sums(gain * _discounts(gain, number), number, count), LEAST_IDEAL)


def _discounts(scores: Floats, number: Whole) -> Floats:
    """Return 1 / log2(rank + 1) of each row in its group by descending score, and 0 below the first ten."""
    order = np.lexsort((-scores, number))
    rank = np.empty(len(scores), dtype=np.int64)
    rank[order] = np.arange(len(scores)) - np.flatnonzero(np.r_[True, np.diff(number) > 0])[number]
    return np.where(rank < TOP, 1.0 / np.log2(rank + 2.0), 0.0)


def _sums(values: Floats | Flags, number: Whole, count: int) -> Floats:
    return np.bincount(number, values, count).astype(np.float64)
