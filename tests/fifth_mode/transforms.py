"""The transform of the dataset of the fifth mode."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from pyspark.sql import DataFrame
from pyspark.sql import functions as F

COLUMNS = ("account_id", "plan", "happened_at")


def newest(inputs: Mapping[str, DataFrame], params: Mapping[str, Any]) -> DataFrame:
    """Return the newest row of each account among the rows that were read."""
    rows = [frame.select(*COLUMNS) for frame in inputs.values()]
    everything = rows[0] if len(rows) == 1 else rows[0].unionByName(rows[1])
    of_account = everything.groupBy("account_id").agg(F.max(F.struct("happened_at", "plan")).alias("last"))
    return of_account.select("account_id", "last.plan", "last.happened_at")
