"""The parser and the transforms of a small ranking domain: each night adds one cut of examples."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from datetime import date
from typing import Any

import numpy as np
import pyarrow as pa

from tests.learning import made

CUTS = (1, 4, 5, 6, 7, 8, 9)
"""How many cuts there are in each night, from night 1. One cut is too few to train on."""


def parse(record: Mapping[str, Any], place: Mapping[str, Any]) -> Iterable[tuple[str, dict[str, Any]]]:
    """Yield the record as a row of `nights`."""
    yield "nights", {"night": record.get("night"), "began_at": record.get("began_at")}


def examples(inputs: Mapping[str, Any], params: Mapping[str, Any]) -> pa.Table:
    """Return the examples of all cuts up to the newest night."""
    rows = made.examples(queries=40, items=8, cuts=CUTS[-1])
    last = np.unique(rows.window_end)[CUTS[_newest(inputs) - 1] - 1]
    return made.table(rows.take(rows.window_end <= last))


def features(inputs: Mapping[str, Any], params: Mapping[str, Any]) -> pa.Table:
    """Return the features of three items on the day of the newest night."""
    day = date(2026, 4, _newest(inputs))
    keys = {"application": "shop", "query": "boots", "day": day, "f_noise": 0.5, "f_position_mean_28": 2.0}
    rows = [{**keys, "item_id": f"i{n}", "f_clicks": n / 2, "named": [("c_match", n / 3)]} for n in range(3)]
    kinds: list[tuple[str, pa.DataType]] = [
        ("application", pa.string()),
        ("query", pa.string()),
        ("item_id", pa.string()),
        ("day", pa.date32()),
    ]
    kinds += [(name, pa.float64()) for name in ("f_clicks", "f_noise", "f_position_mean_28")]
    return pa.Table.from_pylist(rows, schema=pa.schema([*kinds, ("named", pa.map_(pa.string(), pa.float64()))]))


def horizons(inputs: Mapping[str, Any], params: Mapping[str, Any]) -> pa.Table:
    """Return no row: the windows of these examples are as long as `examples` makes them."""
    whole, day = pa.int32(), pa.date32()
    kinds: list[tuple[str, pa.DataType]] = [
        ("revision", whole),
        ("horizon_days", whole),
        ("found_by", pa.string()),
        ("history_days", whole),
    ]
    return pa.schema([*kinds, ("days_needed", whole), ("first_day", day), ("since", day)]).empty_table()


def _newest(inputs: Mapping[str, Any]) -> int:
    return max(row["night"] for row in inputs["nights"].toArrow().to_pylist())
