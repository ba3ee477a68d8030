"""How much of what a day will bring is known already: the share of its purchases that has arrived.

Purchases arrive for days after the impression. The chain ladder (Mack, ASTIN Bulletin 23/2, 1993) reads from earlier
days how many come at which age: of the purchases that days of age l or more had by then, the share r(l) that came on
day l itself. A day of age a then has the share (1 - r(a + 1)) * (1 - r(a + 2)) * ... of its purchases.
"""

from collections import defaultdict
from collections.abc import Iterable, Mapping, Sequence
from datetime import date, timedelta
from itertools import groupby
from typing import Any

import numpy as np
import numpy.typing as npt
from pyspark.sql import DataFrame
from pyspark.sql import functions as F

from ranking import durations

Numbers = npt.NDArray[np.float64]

CUT = ["application", "window_end"]
MILLION = 1_000_000
ENOUGH = 30
"""Purchases from which the ages can be read. With fewer, a day counts once its attribution window has closed."""
_SCHEMA = "application string, window_end date, day date, arrived long"


def shares(known: DataFrame, attribution_window: object) -> DataFrame:
    """Return one row per cut and day: `arrived`, in millionths (long).

    `known` has rows of the daily counts with the cut at which they are read (`window_end`), and only those that were
    known then. Their purchases by cut, day and known day are read into this process.
    """
    totals = [F.sum(name).alias(name) for name in ("purchases", "impressions")]
    sums = known.groupBy(*CUT, "day", "known_day").agg(*totals)
    rows = sums.orderBy(*CUT, "day", "known_day").collect()
    closes = durations.duration(attribution_window)
    found = [
        (application, cut, day, round(share * MILLION))
        for (application, cut), of_cut in groupby(rows, key=lambda row: (row["application"], row["window_end"]))
        for day, share in of_days([row.asDict() for row in of_cut], cut, closes).items()
    ]
    return known.sparkSession.createDataFrame(found, _SCHEMA)


def of_days(rows: Sequence[Mapping[str, Any]], cut: date, attribution_window: timedelta) -> dict[date, float]:
    """Return the share of the purchases of each day that had arrived at the cut.

    `rows` have a day, a known day before the cut, and the purchases and impressions of the one that were learnt of on
    the other. Days most of whose impressions landed late say nothing about how late purchases come.
    """
    ages = {row["day"]: (cut - row["day"]).days - 1 for row in rows}
    oldest = max(ages.values())
    came = np.zeros((oldest + 1, oldest + 1))  # purchases by the age of their day now, and by its age when they came
    late = _landed_late(rows)
    for row in rows:
        if row["day"] in late:
            continue
        came[ages[row["day"]], (row["known_day"] - row["day"]).days] += row["purchases"]
    if came.sum() < ENOUGH:
        return {day: float(timedelta(days=age) >= attribution_window) for day, age in ages.items()}
    arrived = _arrived(came, attribution_window.days)
    return {day: float(arrived[age]) for day, age in ages.items()}


def _landed_late(rows: Iterable[Mapping[str, Any]]) -> set[date]:
    """Return the days of which less than half of the impressions had landed a day later."""
    seen: dict[date, int] = defaultdict(int)
    soon: dict[date, int] = defaultdict(int)
    for row in rows:
        seen[row["day"]] += row["impressions"]
        soon[row["day"]] += row["impressions"] if (row["known_day"] - row["day"]).days <= 1 else 0
    return {day for day, impressions in seen.items() if 2 * soon[day] < impressions}


def _arrived(came: Numbers, last: int) -> Numbers:
    """Return the arrived share by age.

    `came` has a row for each age of a day, and a column for each age at arrival. Ages above `last`, and those that rest
    on few purchases, are taken to bring nothing.
    """
    so_far = came.cumsum(axis=1)
    size = len(came)
    kept = np.ones(size + 1)
    for age in range(1, min(size, last + 1)):
        by_then = so_far[age:, age].sum()
        if by_then >= ENOUGH:
            kept[age] = 1.0 - came[age:, age].sum() / by_then
    return np.asarray(np.cumprod(kept[::-1])[::-1][1:])
