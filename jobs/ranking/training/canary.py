"""The leak canary: a feature that equals the label was computed from what it should predict, and stops a training run.

A label is estimated from many signals of a later window, so no honest feature of the day before it follows it exactly.
"""

import numpy as np

from ranking.training.matrices import Examples

SAME = 0.999
"""Correlation with the label from which on a feature counts as the label itself, on its scale or on another one."""
LEAST_ROWS, LEAST_GRADES = 50, 5
"""Examples with traffic, and different grades among them, below which equality may be chance."""


def find_leak(train: Examples) -> str | None:
    """Return a sentence that names the first feature that equals the label, or None. Rows need traffic to count."""
    seen = train.evidence > 0
    for name in train.names:
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
