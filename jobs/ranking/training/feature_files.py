"""Parquet files of examples: a row group, or a column, is read at a time, and never a whole file.

The files hold one float column for each feature, `x0`, `x1` and so on, because the names of features may hold any
character. Rows are numbered from 0 in the order of the files.
"""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path
from typing import TYPE_CHECKING

import numpy as np
import pyarrow.parquet as pq

if TYPE_CHECKING:
    from ranking.training.matrices import Matrix, Whole


def column_name(number: int) -> str:
    """Return the name that a feature has in the files."""
    return f"x{number}"


class FeatureFiles:
    """Files with `width` features. `ends` are the numbers after the last row of each row group, behind a 0."""

    def __init__(self, paths: Sequence[str], width: int) -> None:
        self.paths, self.width = tuple(paths), width
        files = [pq.ParquetFile(path) for path in self.paths]
        self._groups = [(file, group) for file in files for group in range(file.num_row_groups)]
        sizes = [file.metadata.row_group(group).num_rows for file, group in self._groups]
        self.ends: Whole = np.cumsum([0, *sizes], dtype=np.int64)

    @classmethod
    def in_folder(cls, folder: Path, width: int) -> FeatureFiles:
        """Return the Parquet files of a folder, in the order of their names."""
        return cls(sorted(map(str, folder.glob("*.parquet"))), width)

    def groups_of(self, rows: Whole) -> Whole:
        """Return the number of the row group of each row."""
        return np.asarray(np.searchsorted(self.ends, rows, side="right") - 1, dtype=np.int64)

    def matrix(self, group: int) -> Matrix:
        """Return the features of all rows of a row group."""
        names = [column_name(number) for number in range(self.width)]
        file, inside = self._groups[group]
        table = file.read_row_group(inside, columns=names, use_threads=False)
        matrix = np.empty((self.ends[group + 1] - self.ends[group], self.width), dtype=np.float32)
        for place, name in enumerate(names):
            matrix[:, place] = table.column(name).to_numpy()
        return matrix

    def column(self, group: int, number: int) -> Matrix:
        """Return one feature of all rows of a row group. No other feature is read."""
        file, inside = self._groups[group]
        name = column_name(number)
        values = file.read_row_group(inside, columns=[name], use_threads=False).column(name).to_numpy()
        return np.asarray(values, dtype=np.float32)
