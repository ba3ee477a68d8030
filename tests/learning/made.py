"""Synthetic examples: one behaviour and one content feature depend on the grade, the others are noise."""

from typing import Any

import numpy as np
import pyarrow as pa

from ranking.training.matrices import Examples, Matrix


def examples(queries: int = 60, items: int = 10, cuts: int = 1, seed: int = 0) -> Examples:
    """Return examples with `cuts` lists per query, each with a window of 14 days, a week apart."""
    rng = np.random.default_rng(seed)
    rows = queries * items * cuts
    number = np.repeat(np.arange(queries * cuts), items)
    grade = rng.integers(0, 5, rows).astype(np.float64)
    features = rng.normal(size=(rows, 4)).astype(np.float32)
    features[:, 0] += grade
    features[:, 1] += grade / 2
    start = np.datetime64("2026-01-01") + 7 * (number % cuts)
    return Examples(
        names=("c_match", "f_clicks", "f_noise", "f_position_mean_28"),
        features=features[:, [1, 0, 2, 3]],
        application=np.full(rows, "shop", dtype=object),
        query=np.array([f"query {n // cuts}" for n in number], dtype=object),
        item_id=np.array([f"i{n % items}" for n in range(rows)], dtype=object),
        window_start=start,
        window_end=start + 14,
        grade=grade,
        weight=np.full(rows, 0.5),
        group=number.astype(np.int64),
        split=_parts(start),
        exam=number % 5 == 0,
        confidence=np.full(rows, 0.4),
        evidence=np.full(rows, 20),
        long_clicks=(grade * 2).astype(np.int64),
        examination=np.full(rows, 10.0),
    )


def _parts(start: np.ndarray) -> np.ndarray:
    """Return the parts of the global temporal split: the newest cut tests, and windows that overlap it are the gap."""
    last = start.max() if len(start) else None
    return np.where(start == last, "test", np.where(start + 14 <= last, "train", "gap")).astype(object)


def matrix(rows: Examples) -> Matrix:
    """Return the features of examples that are in memory."""
    assert isinstance(rows.features, np.ndarray)
    return rows.features


def table(rows: Examples) -> pa.Table:
    """Return examples as rows of `training_examples`, in random order."""
    features = [dict(zip(rows.names, map(float, values), strict=True)) for values in matrix(rows)]
    columns: dict[str, Any] = {name: list(getattr(rows, name)) for name in ("application", "query", "item_id")}
    columns |= {name: getattr(rows, name) for name in ("grade", "weight", "exam", "evidence", "long_clicks")}
    columns |= {"window_start": rows.window_start, "window_end": rows.window_end, "group_id": rows.group}
    columns |= {"examination": rows.examination, "confidence": rows.confidence}
    maps = {"behaviour": "f_", "content": "c_"}
    kind = pa.map_(pa.string(), pa.float64())
    for name, prefix in maps.items():
        entries: Any = [[(key, value) for key, value in row.items() if key.startswith(prefix)] for row in features]
        columns[name] = pa.array(entries, kind)
    order = np.random.default_rng(5).permutation(len(rows))
    return pa.table(columns).take(order)
