"""Training examples as arrays: one row per example, sorted so that each group is contiguous.

The float32 features of many examples stay in Parquet files (`feature_rows`); everything else is in memory.
"""

from collections.abc import Sequence
from dataclasses import dataclass, fields
from typing import Any

import numpy as np
import numpy.typing as npt
import pyarrow as pa
import pyarrow.compute as pc

from ranking.training import feature_rows
from ranking.training.feature_rows import Features

Floats = npt.NDArray[np.float64]
Matrix = npt.NDArray[np.float32]
Whole = npt.NDArray[np.int64]
Flags = npt.NDArray[np.bool_]
Texts = npt.NDArray[np.object_]

BEHAVIOUR_PREFIX = "f_"


@dataclass(frozen=True)
class Examples:
    """Rows of `training_examples` as arrays with one entry per row.

    `features` has shape (rows, features), with NaN for a missing value, in memory or in files; `names` are its column
    names. `group` is the same for all rows of a list, and `split` is the part of the list in `example_splits`.
    """

    names: tuple[str, ...]
    features: Features
    application: Texts
    query: Texts
    item_id: Texts
    window_start: npt.NDArray[np.datetime64]
    window_end: npt.NDArray[np.datetime64]
    grade: Floats
    weight: Floats
    group: Whole
    split: Texts
    exam: Flags
    confidence: Floats
    evidence: Whole
    long_clicks: Whole
    examination: Floats

    def __len__(self) -> int:
        return len(self.group)

    def take(self, rows: Flags) -> "Examples":
        """Return the marked rows in the same order, so that groups stay contiguous."""
        arrays = {field.name: getattr(self, field.name)[rows] for field in fields(self) if field.name != "names"}
        return Examples(names=self.names, **arrays)

    def feature(self, name: str) -> Floats:
        """Return one feature of all rows. It is NaN where it is missing, and everywhere if no feature has the name."""
        if name not in self.names:
            return np.full(len(self), np.nan)
        return feature_rows.column(self.features, self.names.index(name)).astype(np.float64)

    @property
    def behaviour(self) -> Flags:
        """Marks the columns that come from behaviour, which are missing for a pair without traffic."""
        return behaviour_columns(self.names)


@dataclass(frozen=True)
class LeftOut:
    """A list that was too long to train on: how many rows it had, and how many of them were left out."""

    application: str
    query: str
    window_end: str
    rows: int
    left_out: int


@dataclass(frozen=True)
class Parts:
    """The examples by part of the split. `valid` are the training windows of held-out queries, which stop the training.

    `left_out` names the lists of `train` and `valid` that were cut to the length that the learner accepts.
    """

    train: Examples
    valid: Examples
    gap: Examples
    test: Examples
    dropped: Examples
    left_out: tuple[LeftOut, ...] = ()


def behaviour_columns(names: Sequence[str]) -> Flags:
    """Return true for names of behaviour features (`f_`), and false for content features (`c_`)."""
    return np.array([name.startswith(BEHAVIOUR_PREFIX) for name in names], dtype=np.bool_)


def group_sizes(group: Whole) -> Whole:
    """Return the lengths of the runs of equal values, in order."""
    starts = np.flatnonzero(np.r_[True, group[1:] != group[:-1]]) if len(group) else np.array([], dtype=np.int64)
    sizes: Whole = np.diff(np.r_[starts, len(group)]).astype(np.int64)
    return sizes


def group_numbers(group: Whole) -> Whole:
    """Return the number of the group of each row, counted from 0 in the order of the rows."""
    sizes = group_sizes(group)
    return np.repeat(np.arange(len(sizes)), sizes)


def cut_long_groups(rows: Examples, most: int) -> tuple[Examples, tuple[LeftOut, ...]]:
    """Keep at most `most` rows of each group, those with the most evidence, and return what was left out as well.

    Evidence is compared by the confidence of the label, then by impressions, then by item id in ascending order.
    """
    sizes = group_sizes(rows.group)
    if int(sizes.max(initial=0)) <= most:
        return rows, ()
    begins, kept = np.cumsum(sizes) - sizes, np.ones(len(rows), dtype=np.bool_)
    found = []
    for begin, size in zip(begins[sizes > most].tolist(), sizes[sizes > most].tolist(), strict=True):
        inside = slice(begin, begin + size)
        order = np.lexsort((rows.item_id[inside].astype(str), -rows.evidence[inside], -rows.confidence[inside]))
        kept[begin + order[most:]] = False
        found.append(
            LeftOut(rows.application[begin], rows.query[begin], str(rows.window_end[begin]), size, size - most)
        )
    return rows.take(kept), tuple(found)


def columns_as(matrix: Matrix, have: Sequence[str], want: Sequence[str]) -> Matrix:
    """Return the matrix with the columns `want`, in that order. A column that is not in `have` is NaN."""
    place = {name: number for number, name in enumerate(have)}
    result = np.full((len(matrix), len(want)), np.nan, dtype=np.float32)
    for number, name in enumerate(want):
        if name in place:
            result[:, number] = matrix[:, place[name]]
    return result


def masked(matrix: Matrix, columns: Flags, rows: Flags | None = None) -> Matrix:
    """Return a copy with the marked columns set to NaN, in all rows or in the marked ones."""
    result = matrix.copy()
    result[np.ix_(np.flatnonzero(rows) if rows is not None else np.arange(len(matrix)), np.flatnonzero(columns))] = (
        np.nan
    )
    return result


def from_map(column: Any, names: Sequence[str]) -> Matrix:
    """Return the entries of a map column as a matrix with the columns `names`, NaN where an entry is missing."""
    matrix = np.full((len(column), len(names)), np.nan, dtype=np.float32)
    if names:
        fill_from_map(matrix, names, column)
    return matrix


def map_keys(column: Any) -> set[str]:
    """Return the keys that any entry of a map column has."""
    return set(_keys(column))


def _keys(column: Any) -> list[str]:
    return [str(key) for chunk in column.chunks for key in pc.unique(chunk.keys).to_pylist()]


def fill_from_map(matrix: Matrix, names: Sequence[str], column: Any) -> None:
    """Write the entries of a map column into the matrix, whose columns are `names`."""
    begins = 0
    for chunk in column.chunks:
        offsets = chunk.offsets.to_numpy()
        row = begins + np.repeat(np.arange(len(chunk)), np.diff(offsets))
        inside = slice(offsets[0], offsets[-1])
        place = pc.index_in(chunk.keys[inside], value_set=pa.array(list(names), pa.string()))
        place = place.to_numpy(zero_copy_only=False)
        known = ~np.isnan(place.astype(np.float64))
        values = chunk.items[inside].to_numpy(zero_copy_only=False).astype(np.float32)
        matrix[row[known], place[known].astype(np.int64)] = values[known]
        begins += len(chunk)
