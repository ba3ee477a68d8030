"""Uniqueness of the grain among the changed rows, at the price of reading the grain's columns once.

Spark hashes each row's grain to 64 bits and hands over only the hashes; sorting them here finds equal ones.
That is about four times as fast as a `group by` on two cores, for which Spark would shuffle every row.
Equal hashes prove nothing, so they are looked up by their real columns before anything is said.
"""

from __future__ import annotations

import math
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

from tidemark.audit.report import CheckResult
from tidemark.audit.rows import EXAMPLES, ChangedRows, example_text

if TYPE_CHECKING:
    import numpy as np
    from numpy.typing import NDArray
    from pyspark.sql import Column, DataFrame, SparkSession

SLICE = 2**25
"""Hashes held in memory at once (8 bytes each, twice while sorting); more rows are taken slice by slice."""

LOOKED_UP = 1000
"""Equal hashes that are looked up by value; beyond it the grain is grouped as a whole."""

_BATCH = "spark.sql.execution.arrow.maxRecordsPerBatch"
_BATCH_ROWS = "1000000"


@dataclass(frozen=True)
class GrainFindings:
    """Rows that were read, rows that repeat an earlier one's grain, and some of their grains."""

    rows: int
    repeated: int
    examples: tuple[str, ...]


def find_repeats(changed: ChangedRows) -> GrainFindings:
    """Read the changed rows' grain and find those that are there more than once."""
    from pyspark.sql import functions as F

    frame = changed.frame()
    grain = list(changed.spec.grain)
    hashes = frame.select(F.xxhash64(*grain).alias("hash"))
    rows, equal = 0, set[int]()
    slices = max(1, math.ceil(changed.files.rows / SLICE))
    for number in range(slices):
        part = hashes if slices == 1 else hashes.where(F.pmod("hash", F.lit(slices)) == number)
        values = _values(changed.spark, part)
        rows += len(values)
        equal.update(_equal(values))
    if not equal:
        return GrainFindings(rows, 0, ())
    suspects = None if len(equal) > LOOKED_UP else F.xxhash64(*grain).isin(sorted(equal))
    return _look_up(frame if suspects is None else frame.where(suspects), grain, rows)


def check_grain(grain: tuple[str, ...], found: GrainFindings) -> CheckResult:
    """No two changed rows have the same grain."""
    named = ", ".join(grain)
    return CheckResult(
        check=f"grain is unique ({named})",
        kind="floor",
        severity="fail",
        passed=found.repeated == 0,
        observed=f"{found.repeated} of {found.rows} rows repeat another's",
        expected="0 rows repeat another's",
        unexpected_rows=found.repeated,
        examples=found.examples,
        because="readers join on the grain; a row that is there twice counts twice",
    )


def _values(spark: SparkSession, hashes: DataFrame) -> NDArray[np.int64]:
    with _large_batches(spark):
        values: NDArray[np.int64] = hashes.toArrow().column(0).to_numpy()
    return values


@contextmanager
def _large_batches(spark: SparkSession) -> Iterator[None]:
    """Batches of 10,000 rows, the default, double the time of handing over single longs."""
    before = spark.conf.get(_BATCH)
    spark.conf.set(_BATCH, _BATCH_ROWS)
    try:
        yield
    finally:
        spark.conf.set(_BATCH, before or "10000")


def _equal(values: NDArray[np.int64]) -> list[int]:
    import numpy as np

    ordered = np.sort(values)
    return [int(value) for value in np.unique(ordered[1:][ordered[1:] == ordered[:-1]])]


def _look_up(frame: DataFrame, grain: list[str], rows: int) -> GrainFindings:
    from pyspark.sql import functions as F

    groups = frame.groupBy(*grain).agg(F.count(F.lit(1)).alias("times")).where("times > 1")
    repeated = groups.agg(F.sum(F.col("times") - 1)).collect()[0][0]
    shown: list[Column | Any] = [F.col(name).cast("string").alias(f"c{i}") for i, name in enumerate(grain)]
    found = groups.orderBy(*grain).limit(EXAMPLES).select("times", *shown).collect()
    examples = tuple(f"{row[0]} times {example_text(list(row)[1:], False)}" for row in found)
    return GrainFindings(rows, int(repeated or 0), examples)
