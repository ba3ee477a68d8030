"""Whether a form of a ranker scores as the ranker itself: the rows to compare, and the comparison.

The rows are those of `query_item_features` that come first, and rows that pass each split of the ranker on both sides
and with a missing value.
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

from ranking.export import narrow, probes
from ranking.training.matrices import Floats, Matrix
from steering.loaded_ranker import Ranker
from steering.served_rows import FEATURES, read_rows
from tidemark.catalog import Lake

TOLERANCE = 1e-6
"""The largest difference from the ranker's scores, as a share of scores beyond 1. 32 bits hold a score to 6e-8."""
SERVED_ROWS = 2_000


class ScoresDiffer(ValueError):
    """A form of a ranker scores some rows otherwise than the ranker. The message says how many, and by how much."""


@dataclass(frozen=True)
class CheckRows:
    """Rows of shape (rows, features): first `served` stored ones, then `made` ones for `splits` splits."""

    values: Matrix
    served: int
    made: int
    splits: int

    def describe(self) -> str:
        """Return which rows these are."""
        return f"{self.served:,} rows of {FEATURES} and {self.made:,} rows on both sides of {self.splits:,} splits"


def check_rows(lake: Lake, ranker: Ranker) -> CheckRows:
    """Return the rows on which a form of a ranker is compared with it."""
    served = _in_range(read_rows(lake, ranker.model.names, SERVED_ROWS))
    made, splits = probes.make_rows(ranker.trees, len(ranker.model.names))
    return CheckRows(np.concatenate([served, made]), len(served), len(made), splits)


def largest_difference(found: Floats, expected: Floats, tolerance: float) -> float:
    """Return the largest difference. Raises ScoresDiffer if one exceeds the tolerance, a share of scores beyond 1."""
    difference = np.abs(found - expected)
    too_far = ~(difference <= tolerance * np.maximum(1.0, np.abs(expected)))
    if too_far.any():
        raise ScoresDiffer(
            f"{int(too_far.sum()):,} of {len(found):,} rows score otherwise than by the ranker, "
            f"by up to {np.max(difference[too_far]):.1e}"
        )
    return float(np.max(difference, initial=0.0))


def _in_range(rows: Matrix) -> Matrix:
    """Return the rows without values that an export does not promise: infinite ones, and those beyond `LARGEST`."""
    found: Matrix = rows[np.all(np.isnan(rows) | (np.abs(rows) <= narrow.LARGEST), axis=1)]
    return found
