"""Rows of `query_item_features` as a ranker reads them, without Spark."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

import numpy as np
import pyarrow as pa

from ranking.training.matrices import Floats, Matrix
from tidemark.catalog import Lake

FEATURES = "ranking.query_item_features"
NAMED = "named"
"""The map of features that are no columns (`ranking.features.maps`)."""


def read_rows(lake: Lake, names: Sequence[str], most: int) -> Matrix:
    """Return up to `most` rows of shape (rows, features), with the columns `names`; NaN for a missing value.

    A feature that is neither a column nor an entry of `named` is missing in all rows. Without a table, there are none.
    """
    table = lake.find_table(FEATURES)
    if table is None:
        return np.empty((0, len(names)), dtype=np.float32)
    known = {field.name for field in table.schema().fields}
    columns = [name for name in names if name in known]
    wanted = (*columns, *([NAMED] if NAMED in known else ()))
    if not wanted:
        return np.empty((0, len(names)), dtype=np.float32)
    rows = table.scan(selected_fields=wanted, limit=most).to_arrow()
    entries = [dict(entry or ()) for entry in rows[NAMED].to_pylist()] if NAMED in known else []
    found = np.full((rows.num_rows, len(names)), np.nan, dtype=np.float32)
    for number, name in enumerate(names):
        if name in known:
            found[:, number] = _numbers(rows[name])
        elif entries:
            found[:, number] = [entry.get(name, np.nan) for entry in entries]
    return found


def _numbers(column: pa.ChunkedArray[Any]) -> Floats:
    """Return numbers or truth values as 64-bit numbers, null as NaN."""
    found: Floats = column.cast(pa.float64()).to_numpy()
    return found
