"""The leak canary: a feature that equals the label was computed from what it should predict, and stops a training run.

A label is estimated from many signals of a later window, so no honest feature of the day before it follows it exactly.
"""

import numpy as np

from ranking.training import feature_rows
from ranking.training.matrices import Examples, Flags, Floats

SAME = 0.999
"""Correlation with the label from which on a feature counts as the label itself, on its scale or on another one."""
CLOSE = 0.99
"""The same as it is computed for all features in one pass, which is less exact. These are then looked at one by one."""
LEAST_ROWS, LEAST_GRADES = 50, 5
"""Examples with traffic, and different grades among them, below which equality may be chance."""


def find_leak(train: Examples) -> str | None:
    """Return a sentence that names the first feature that equals the label, or None. Rows need traffic to count."""
    seen = train.evidence > 0
    close = _correlations(train) > CLOSE
    for name in (name for name, is_close in zip(train.names, close, strict=True) if is_close):
        value = train.feature(name)
        known = seen & np.isfinite(value)
        grade, value = train.grade[known], value[known]
        if len(grade) < LEAST_ROWS or len(np.unique(grade)) < LEAST_GRADES or np.ptp(value) == 0:
            continue
        same = abs(float(np.corrcoef(value, grade)[0, 1]))
        if same > SAME:
            return (
                f"Leak: the feature {name} equals the label of {len(grade)} examples (correlation {same:.4f}), so it "
                "was computed from what it should predict. Leave it out of the item attributes and logged features, or "
                "hand it in as it was known before the window of the label."
            )
    return None


def _correlations(train: Examples) -> Floats:
    """Return how each feature correlates with the label, without sign, over the rows with traffic that have it.

    They come from sums over batches of rows. It is 1 if the sums are too inexact to tell.
    """
    seen, begin = train.evidence > 0, 0
    sums = np.zeros((6, len(train.names)))
    origin = np.full(len(train.names), np.nan)
    for batch in feature_rows.batches(train.features):
        rows = slice(begin, begin + len(batch))
        begin = rows.stop
        values, grade = batch[seen[rows]].astype(np.float64), train.grade[rows][seen[rows]]
        known = np.isfinite(values)
        origin = np.where(np.isnan(origin) & known.any(axis=0), _first(values, known), origin)
        near = np.where(known, values - np.nan_to_num(origin), 0.0)
        sums += [
            known.sum(axis=0),
            near.sum(axis=0),
            grade @ known,
            (near**2).sum(axis=0),
            grade**2 @ known,
            grade @ near,
        ]
    count, value, grade_sum, square, grade_square, product = sums
    spread, grade_spread = count * square - value**2, count * grade_square - grade_sum**2
    inexact = (square > 0) & (spread <= 1e-9 * count * square)
    measured = (spread > 0) & (grade_spread > 0) & ~inexact
    shared = np.abs(count * product - value * grade_sum)
    found = np.divide(shared, np.sqrt(np.abs(spread * grade_spread)), out=np.zeros(len(shared)), where=measured)
    return np.where(inexact, 1.0, found)


def _first(values: Floats, known: Flags) -> Floats:
    """Return the first known value of each column; any value where there is none."""
    return values[known.argmax(axis=0), np.arange(values.shape[1])] if len(values) else np.zeros(values.shape[1])
