"""Query-item signals: the counts from which relevance is inferred, as known now. Readers apply the propensities."""

from collections.abc import Mapping
from typing import Any

from pyspark.sql import DataFrame
from pyspark.sql import functions as F

from ranking import durations
from ranking.traffic import daily_counts


def build(inputs: Mapping[str, DataFrame], params: Mapping[str, Any]) -> DataFrame:
    """Return the counts by day, device, position and evidence, whenever they became known. Input: counts."""
    wanted = inputs["counts"].where(durations.days_within(F.col("day"), params["ranges"]))
    return wanted.groupBy(*daily_counts.PLACE).agg(*(F.sum(name).alias(name) for name in daily_counts.COUNTS))
