"""From a rate to a grade 0-4: a fixed monotone map, or an isotonic one fitted on human grades.

Either is increasing, and `calibrator_version` says which made a row. A fitted map belongs to one
(application, cut) and sees only grades known at that cut, and none of the exam.
"""

from collections.abc import Iterator
from typing import Any

import numpy as np
import numpy.typing as npt
import pandas as pd
from pyspark.sql import Column, DataFrame
from pyspark.sql import functions as F
from sklearn.isotonic import IsotonicRegression

FIXED_VERSION = "log2-1"
FITTED_VERSION = "isotonic-1"
GRADE_PER_DOUBLING = 1.25  # the application's own rate is grade 1.25, eight times that is (nearly) 4
LEAST_IMPRESSIONS = 10  # a rate from fewer says little about the map
WEIGHT_BOUNDS = (0.1, 10.0)  # the inverse chance of having been graded is clipped to these
_FIT_COLUMNS = ["application", "window_end", "start", "steps", "fitted_on"]
_FIT_SCHEMA = (
    "application string, window_end date, start double, "
    "steps array<struct<low: double, high: double, slope: double>>, fitted_on long"
)

Numbers = npt.NDArray[np.float64]


def calibrate(pairs: DataFrame, at_least: int) -> DataFrame:
    """Adds `estimated_grade` and `calibrator_version`; a fit needs `at_least` usable grades of shown pairs.

    Needs application, window_end, relative_rate, usable_grade, grade_weight, impressions.
    """
    usable = pairs.where(F.col("usable_grade").isNotNull() & (F.col("impressions") >= LEAST_IMPRESSIONS))
    points = usable.select("application", "window_end", "relative_rate", "usable_grade", "grade_weight")

    def fit(group: pd.DataFrame) -> pd.DataFrame:
        return pd.DataFrame(_fits(group, at_least), columns=_FIT_COLUMNS)

    fits = points.groupBy("application", "window_end").applyInPandas(fit, _FIT_SCHEMA)
    joined = pairs.join(fits, ["application", "window_end"], "left")
    fitted = F.col("steps").isNotNull()
    rate = F.col("relative_rate")
    version = F.concat(F.lit(f"{FITTED_VERSION}, grades="), F.col("fitted_on").cast("string"))
    return joined.withColumns(
        {
            "estimated_grade": F.when(fitted, _walk(rate)).otherwise(fixed_grade(rate)),
            "calibrator_version": F.when(fitted, version).otherwise(F.lit(FIXED_VERSION)),
        }
    )


def fixed_grade(relative_rate: Column) -> Column:
    """The map without grades: 1.25 x log2(1 + rate over the application's rate), at most 4."""
    return F.least(F.lit(4.0), F.lit(GRADE_PER_DOUBLING) * F.log2(1.0 + relative_rate))


def isotonic_steps(rate: Numbers, grade: Numbers, weight: Numbers) -> tuple[float, list[dict[str, float]]]:
    """The least-squares increasing map: its value at zero and its rising pieces, whatever the row order."""
    order = np.lexsort((weight, grade, rate))
    fitted = IsotonicRegression(out_of_bounds="clip").fit(rate[order], grade[order], sample_weight=weight[order])
    places, values = fitted.X_thresholds_.tolist(), np.round(fitted.y_thresholds_, 9).tolist()
    pieces = zip(places, places[1:], values, values[1:], strict=False)
    steps = [{"low": a, "high": b, "slope": (v - u) / (b - a)} for a, b, u, v in pieces if b > a and v > u]
    return values[0], steps


def _fits(group: pd.DataFrame, at_least: int) -> Iterator[tuple[Any, ...]]:
    """At most one row: the group's map, where the grades are enough and differ."""
    if len(group) < at_least or group["usable_grade"].nunique() < 2:
        return
    weight = np.clip(group["grade_weight"].to_numpy(float), *WEIGHT_BOUNDS)
    rate, grade = group["relative_rate"].to_numpy(float), group["usable_grade"].to_numpy(float)
    start, steps = isotonic_steps(rate, grade, weight)
    yield group["application"].iloc[0], group["window_end"].iloc[0], start, steps, len(group)


def _walk(rate: Column) -> Column:
    """Start + what each piece adds up to `rate`: linear interpolation, flat outside the grades' support."""

    def add(total: Column, step: Column) -> Column:
        return total + step["slope"] * F.greatest(F.lit(0.0), F.least(rate, step["high"]) - step["low"])

    return F.aggregate(F.col("steps"), F.col("start"), add)
