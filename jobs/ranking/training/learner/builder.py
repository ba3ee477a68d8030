"""The process that bins: it reads the features row group by row group, and writes data sets for the one that boosts."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path

import lightgbm as lgb
import numpy as np

from ranking.training.feature_rows import Window
from ranking.training.learner.quiet import quieten
from ranking.training.learner.task import TRAIN, Rows, Task, data_file
from ranking.training.matrices import Flags, Floats

Say = Callable[[str], None]
PUSHED = 4_096
"""Rows that LightGBM bins at a time."""


class RowSequence(lgb.Sequence):
    """Rows of files as LightGBM reads them: first a sample, row by row in ascending order, then all in batches.

    The columns in `hidden` are missing. `say` gets a line after each tenth of the rows.
    """

    batch_size = PUSHED

    def __init__(self, rows: Rows, hidden: Flags | None, what: str, say: Say) -> None:
        self._length = len(rows.features)
        self._window, self._hidden = Window(rows.features), hidden
        self._what, self._say = what, say

    def __len__(self) -> int:
        return self._length

    def __getitem__(self, index: int | slice | list[int]) -> Floats:
        if isinstance(index, slice):
            return self._read(index.start, index.stop)
        if isinstance(index, list):
            raise TypeError("only subsets of a data set read rows by a list, and none is made here")
        row: Floats = self._read(index, index + 1)[0]
        return row

    def _read(self, begin: int, end: int) -> Floats:
        values = self._window.read(begin, end).astype(np.float64)
        if self._hidden is not None:
            values[:, self._hidden] = np.nan
        if end - begin > 1 and end * 10 // self._length > begin * 10 // self._length:
            self._say(f"binned {end:,} of {self._length:,} rows {self._what}")
        return values


def build(folder: Path, say: Say) -> None:
    """Bin the rows of the task in a folder, and write a data set for each of its parts into the folder."""
    quieten()
    task = Task.read(folder)
    train = _training_data(task, say)
    train.save_binary(data_file(folder, TRAIN))
    for name, rows in task.rows.items():
        if name != TRAIN:
            data = lgb.Dataset(
                RowSequence(rows, None, f"of the {name} lists", say), rows.level, train, group=rows.sizes,
                params=dict(task.settings.parameters),
            )  # fmt: skip
            data.construct().save_binary(data_file(folder, name))


def _training_data(task: Task, say: Say) -> lgb.Dataset:
    """Return the rows and, if the recipe wants them, their twins: copies without behaviour, in lists of their own.

    A row and its twin each get half of the weight.
    """
    rows, twins = task.rows[TRAIN], bool(task.settings.hidden)
    copies = 2 if twins else 1
    sequences = [RowSequence(rows, None, "to train on", say)]
    if twins:
        sequences.append(RowSequence(rows, task.hidden, "again, without behaviour", say))
    weight = np.ones(len(rows.grade)) if rows.weight is None else rows.weight
    return lgb.Dataset(
        sequences,
        np.tile(rows.level, copies),
        group=np.tile(rows.sizes, copies),
        weight=np.tile(weight / copies, copies),
        feature_name=list(task.settings.columns),
        params=dict(task.settings.parameters),
    ).construct()
