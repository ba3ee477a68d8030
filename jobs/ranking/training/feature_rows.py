"""The features of examples: a matrix in memory, or rows of Parquet files that are read in pieces."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, TypeAlias

import numpy as np
import numpy.typing as npt
import pyarrow as pa
import pyarrow.parquet as pq

from ranking.training.feature_files import FeatureFiles, column_name

if TYPE_CHECKING:
    from ranking.training.matrices import Flags, Matrix, Whole

BATCH = 20_000
"""Rows of a batch of features in memory, and of a row group that is written from memory."""


@dataclass(frozen=True, eq=False)
class StoredFeatures:
    """Some rows of Parquet files. `rows` are their numbers, in ascending order."""

    files: FeatureFiles
    rows: Whole

    @classmethod
    def of(cls, files: FeatureFiles) -> StoredFeatures:
        """Return all rows of the files."""
        return cls(files, np.arange(files.ends[-1], dtype=np.int64))

    @property
    def shape(self) -> tuple[int, int]:
        """The numbers of rows and of features."""
        return len(self.rows), self.files.width

    def __len__(self) -> int:
        return len(self.rows)

    def __getitem__(self, chosen: Flags) -> StoredFeatures:
        return StoredFeatures(self.files, self.rows[chosen])

    def pieces(self) -> Iterator[tuple[int, slice, Whole]]:
        """Yield each row group with rows among these: its number, which rows these are, and their places in it."""
        for group in np.unique(self.files.groups_of(self.rows)).tolist():
            begin, end = self.files.ends[group : group + 2]
            chosen = slice(*np.searchsorted(self.rows, [begin, end]))
            yield group, chosen, self.rows[chosen] - begin


Features: TypeAlias = npt.NDArray[np.float32] | StoredFeatures


def column(features: Features, number: int) -> Matrix:
    """Return one feature of all rows."""
    if not isinstance(features, StoredFeatures):
        return features[:, number]
    values = np.empty(len(features), dtype=np.float32)
    for group, chosen, places in features.pieces():
        values[chosen] = features.files.column(group, number)[places]
    return values


def batches(features: Features) -> Iterator[Matrix]:
    """Yield the features of all rows, in order. Of those in files, one row group is in memory at a time."""
    if isinstance(features, StoredFeatures):
        for group, _, places in features.pieces():
            yield features.files.matrix(group)[places]
        return
    for begin in range(0, len(features), BATCH):
        yield features[begin : begin + BATCH]


def store(features: Features, folder: Path) -> StoredFeatures:
    """Return the features as rows of files. Those in memory are written into the folder, which must exist."""
    if isinstance(features, StoredFeatures):
        return features
    rows, width = features.shape
    columns = {column_name(number): pa.array(features[:, number]) for number in range(width)}
    pq.write_table(pa.table(columns), folder / "features.parquet", row_group_size=BATCH)
    return StoredFeatures(FeatureFiles.in_folder(folder, width), np.arange(rows, dtype=np.int64))


class Window:
    """Reads rows in ascending order, with one row group in memory."""

    def __init__(self, features: StoredFeatures) -> None:
        self._features = features
        self._group, self._matrix = -1, np.empty((0, 0), dtype=np.float32)

    def read(self, begin: int, end: int) -> Matrix:
        """Return the rows from `begin` to `end`, counted from 0 among the rows of the features."""
        rows = self._features.rows[begin:end]
        groups = self._features.files.groups_of(rows)
        first = self._features.files.ends[groups]
        parts = [self._of_group(group)[(rows - first)[groups == group]] for group in np.unique(groups).tolist()]
        return parts[0] if len(parts) == 1 else np.concatenate(parts)

    def _of_group(self, group: int) -> Matrix:
        if group != self._group:
            self._matrix = np.empty((0, 0), dtype=np.float32)  # frees the memory of the last group first
            self._matrix, self._group = self._features.files.matrix(group), group
        return self._matrix
