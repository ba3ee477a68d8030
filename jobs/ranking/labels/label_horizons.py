"""Label horizons: the record of how many days of behaviour a label counts, and since when."""

from collections.abc import Mapping
from typing import Any

import pyarrow as pa
from pyspark.sql import DataFrame
from pyspark.sql import functions as F

from ranking.blocks import setting
from ranking.labels import horizon, splits
from ranking.labels.horizon import AUTO, CHOICES, Choice

_COLUMNS: list[tuple[str, pa.DataType]] = [
    ("revision", pa.int32()),
    ("horizon_days", pa.int32()),
    ("found_by", pa.string()),
    ("settled", pa.bool_()),
    ("history_days", pa.int32()),
    ("days_needed", pa.int32()),
    ("first_day", pa.date32()),
    ("last_day", pa.date32()),
    ("days", pa.list_(pa.date32())),
    ("since", pa.date32()),
    ("horizon_before", pa.int32()),
    ("touched_days", pa.list_(pa.date32())),
]
SCHEMA = pa.schema(_COLUMNS)


def build(inputs: Mapping[str, DataFrame], params: Mapping[str, Any]) -> pa.Table:
    """Return the next row, or no row if nothing changes.

    Inputs: `requests` and `known`, the rows of this dataset so far. If `params["added"]` names `requests`, they are
    only those added since the last version. Raises ValueError for a horizon that does not fit the other settings.
    """
    choice = choice_of(params)
    days = inputs["requests"].select(F.to_date("requested_at").alias("day")).distinct().toArrow()["day"].to_pylist()
    known = inputs["known"].toArrow().to_pylist()
    row = horizon.next_row(known, days, "requests" in params.get("added", ()), choice)
    return pa.Table.from_pylist([row] if row is not None else [], schema=SCHEMA)


def choice_of(params: Mapping[str, Any]) -> Choice:
    """Read the settings `label_horizon`, `longest_label_horizon` and `labels.cut_every`."""
    written = params.get("label_horizon") or AUTO
    by_hand = None if written == AUTO else splits.whole_days(written)
    longest = splits.whole_days(params["longest_label_horizon"])
    every = setting(params, "labels", splits.LABEL_DEFAULTS)["cut_every"]
    return Choice.of(by_hand, longest, every)


def days_in_force(horizons: DataFrame) -> int:
    """Return the horizon in days that labels are made with.

    Without a row there was no request yet, so any horizon gives no label; the shortest one is returned.
    """
    row = horizons.agg(F.max_by("horizon_days", "revision").alias("days")).first()
    return int(row.days) if row is not None and row.days is not None else min(CHOICES)
