"""How a training run fits into `training_memory`: how many rows choose the bins, and how long a row group is.

Most memory goes into the binned features, a byte for each row and feature, and these cannot be fewer. What can be is
the sample, whose rows are held as doubles, and the row group that is read at a time.
"""

import re
from dataclasses import dataclass
from itertools import product

from ranking.training.recipe import SAMPLE, Recipe

DEFAULT = "2g"
SAMPLES = (SAMPLE, 10_000, 5_000)
ROW_GROUPS = (20_000, 10_000, 5_000, 2_000)
_UNITS = {"m": 1 << 20, "g": 1 << 30}

# Bytes, as measured by `make bench-train`; what it prints beside them shows whether they still hold.
PROCESS = 110 << 20  # Python, NumPy, Arrow and LightGBM
SAMPLED = 32  # per row and feature of the sample: copies as doubles, and row numbers
READ = 16  # per row and feature of a row group: as Arrow, as a matrix, and what of it is handed on
BINNED = 1  # per row and feature: a bin of at most 256
ROW = 100  # per row while boosting: grades, weights, scores, gradients and their copies
COLUMNS = 500  # per example in the task's own process: names, grades and counts, in up to three parts
_HISTOGRAM = 16 * 256  # per feature and leaf


@dataclass(frozen=True)
class Size:
    """What a run has to hold: examples in all, those that it trains on at once at most, and features."""

    examples: int
    trained: int
    features: int


@dataclass(frozen=True)
class Budget:
    """The chosen sizes, and the bytes that they need at most, beside what the setting allows."""

    sample: int
    row_group: int
    need: int
    limit: int

    def describe(self, size: Size) -> str:
        """Return one line for the log."""
        return (
            f"training on up to {size.trained:,} of {size.examples:,} examples with {size.features:,} features needs "
            f"about {_megabytes(self.need)} of training_memory = {_megabytes(self.limit)}: bins are chosen by a sample "
            f"of {self.sample:,} rows, and features are read in row groups of {self.row_group:,}"
        )


def choose(size: Size, recipe: Recipe, setting: str) -> Budget:
    """Choose the largest sample that fits, and then the largest row group.

    Raises ValueError if even the smallest ones do not fit, or if the setting is no size.
    """
    limit = read_size(setting)
    for sample, row_group in product(SAMPLES, ROW_GROUPS):
        needed = need(size, recipe, sample, row_group)
        if needed <= limit:
            return Budget(sample, row_group, needed, limit)
    least = need(size, recipe, SAMPLES[-1], ROW_GROUPS[-1])
    raise ValueError(
        f"{size.trained:,} training examples{' and as many twins' if recipe.twins else ''} with {size.features:,} "
        f"features need about {_megabytes(least)}, but training_memory is {setting}. Set training_memory in "
        f"search.yaml to at least {_megabytes(least)}, or set training.cuts to fewer cuts"
    )


def need(size: Size, recipe: Recipe, sample: int, row_group: int) -> int:
    """Return the most bytes that the task's columns take, plus the process that bins or the one that boosts."""
    rows = size.trained * (2 if recipe.twins else 1)
    cells = rows * size.features
    drawn = min(sample, rows) * size.features * SAMPLED
    read = min(row_group, size.examples) * size.features * READ
    leaves = min(recipe.leaves, rows)
    bins = cells * BINNED + drawn + read
    boosts = cells * BINNED + rows * ROW + leaves * size.features * _HISTOGRAM
    return PROCESS + max(bins, boosts) + size.examples * COLUMNS


def read_size(text: str) -> int:
    """Return the bytes of a size such as 2g or 800m. Raises ValueError for another text."""
    found = re.fullmatch("([1-9][0-9]{0,8})([mg])", text)
    if found is None:
        raise ValueError(
            f"training_memory: {text[:40]!r} is not a size; write a number and m or g, for example {DEFAULT}"
        )
    return int(found[1]) * _UNITS[found[2]]


def _megabytes(size: int) -> str:
    return f"{-(-size // _UNITS['m'])}m"
