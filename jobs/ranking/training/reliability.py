"""How well our labels agree with human grades that they never saw: those of exam queries.

The pairs are sorted by label and divided into bins of equal size. In each bin the mean grade is compared with the mean
label. Even a perfect label differs from the mean grade of a bin, by about the standard error of that mean times the
mean absolute value of a normal variable, sqrt(2 / pi). The calibration error is the mean distance less this chance.
"""

import math
from typing import Any

import numpy as np

from ranking.training import differences
from ranking.training.matrices import Examples, Floats, Whole

BINS = 10
PAIRS_OF_A_BIN = 5
"""With fewer pairs there are fewer bins."""
ENOUGH = 10
"""Pairs with at least so many impressions in the test window are one traffic band, the others another."""


def reliability(test: Examples, human: Floats) -> dict[str, Any] | None:
    """Return bins, calibration error and counts of the graded pairs of exam queries; None if there are none.

    `human` has one entry per row, NaN without a grade. A pair that is in several lists counts once, with the label of
    its newest window.
    """
    rows = _newest(test, np.flatnonzero(test.exam & ~np.isnan(human)))
    if not len(rows):
        return None
    label, grade = test.grade[rows], human[rows]
    seen = test.evidence[rows] >= ENOUGH
    return {
        **_measured(label, grade),
        "queries": len({(test.application[row], test.query[row]) for row in rows}),
        "bins": [_bin(label[part], grade[part]) for part in _bins(label)],
        "bands": [
            {"band": name, **_measured(label[part], grade[part])}
            for name, part in ((f"{ENOUGH} impressions or more", seen), (f"fewer than {ENOUGH}", ~seen))
        ],
    }


def calibration(label: Floats, grade: Floats) -> tuple[float, float]:
    """Return the mean distance of label and grade over the bins, and how much of it chance makes."""
    distance = chance = 0.0
    for part in _bins(label):
        error = grade[part] - label[part]
        distance += abs(float(error.mean())) * len(part)
        chance += math.sqrt(2 / math.pi * float(error.var(ddof=1)) / len(part)) * len(part)
    return distance / len(label), chance / len(label)


def _measured(label: Floats, grade: Floats) -> dict[str, Any]:
    if len(label) < 2 * PAIRS_OF_A_BIN:
        return {"pairs": len(label), "error": None, "chance": None}
    distance, chance = calibration(label, grade)
    return {"pairs": len(label), "error": round(distance - chance, 6), "chance": round(chance, 6)}


def _bins(label: Floats) -> list[Whole]:
    """Return the rows of each bin, by ascending label."""
    count = min(BINS, max(1, len(label) // PAIRS_OF_A_BIN))
    return np.array_split(np.argsort(label, kind="stable"), count)


def _bin(label: Floats, grade: Floats) -> dict[str, Any]:
    between = differences.over(grade).interval()
    low, high = (min(4.0, max(0.0, end)) for end in (between.low, between.high))
    means = (float(label.mean()), between.mean, low, high)
    return dict(zip(("label", "grade", "low", "high"), (round(mean, 6) for mean in means), strict=True)) | {
        "pairs": len(label)
    }


def _newest(test: Examples, rows: Whole) -> Whole:
    """Return the row of each pair with the newest window, in the order of the rows."""
    newest: dict[tuple[str, str, str], int] = {}
    for row in rows[np.argsort(test.window_end[rows], kind="stable")].tolist():
        newest[test.application[row], test.query[row], test.item_id[row]] = row
    return np.array(sorted(newest.values()), dtype=np.int64)
