"""Maps a long-click rate to a grade 0-4: a fixed map, or an isotonic map fitted on human grades.

Both maps are non-decreasing, and `calibrator_version` says which of them graded a row. A fitted map belongs to one
(application, cut). It uses only grades that were known at that cut, and no grades of exam queries.
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
GRADE_PER_DOUBLING = 1.25  # the application's own rate gets grade 1.25, eight times that rate nearly 4
LEAST_IMPRESSIONS = 10  # a rate from fewer impressions is too noisy to fit the map
WEIGHT_BOUNDS = (0.1, 10.0)  # clips the weight of a grade, the inverse probability that its pair was graded
_FIT_COLUMNS = ["application", "window_end", "start", "steps", "fitted_on"]
_FIT_SCHEMA = (
    "application string, window_end date, start double, "
    "steps array<struct<low: double, high: double, slope: double>>, fitted_on long"
)

Numbers = npt.NDArray[np.float64]


def calibrate(pairs: DataFrame, at_least: int) -> DataFrame:
    """Add `estimated_grade` (double, 0-4) and `calibrator_version` to each pair.

    A map is fitted for an (application, cut) that has at least `at_least` usable grades of pairs with enough
    impressions; other cuts use the fixed map. `pairs` needs the columns application, window_end, relative_rate,
    usable_grade (null if there is none), grade_weight and impressions.
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
            "estimated_grade": F.when(fitted, _interpolate(rate)).otherwise(fixed_grade(rate)),
            "calibrator_version": F.when(fitted, version).otherwise(F.lit(FIXED_VERSION)),
        }
    )


def fixed_grade(relative_rate: Column) -> Column:
    """Return the grade by the fixed map: 1.25 * log2(1 + relative_rate), at most 4.

    `relative_rate` is the rate of the pair divided by the rate of its application.
    """
    return F.least(F.lit(4.0), F.lit(GRADE_PER_DOUBLING) * F.log2(1.0 + relative_rate))


def isotonic_steps(rate: Numbers, grade: Numbers, weight: Numbers) -> tuple[float, list[dict[str, float]]]:
    """Fit the non-decreasing map from rate to grade with the least weighted squared error.

    The arguments are arrays of equal length, in any order; the order of rows does not change the result. Returns the
    grade at the lowest rate, and the rising pieces of the map, each with `low`, `high` and `slope`.
    """
    order = np.lexsort((weight, grade, rate))
    fitted = IsotonicRegression(out_of_bounds="clip").fit(rate[order], grade[order], sample_weight=weight[order])
    places, values = fitted.X_thresholds_.tolist(), np.round(fitted.y_thresholds_, 9).tolist()
    pieces = zip(places, places[1:], values, values[1:], strict=False)
    steps = [{"low": a, "high": b, "slope": (v - u) / (b - a)} for a, b, u, v in pieces if b > a and v > u]
    return values[0], steps


def _fits(group: pd.DataFrame, at_least: int) -> Iterator[tuple[Any, ...]]:
    """Yield one row with the map of the group, or nothing if it has too few grades or all are equal."""
    if len(group) < at_least or group["usable_grade"].nunique() < 2:
        return
    weight = np.clip(group["grade_weight"].to_numpy(float), *WEIGHT_BOUNDS)
    rate, grade = group["relative_rate"].to_numpy(float), group["usable_grade"].to_numpy(float)
    start, steps = isotonic_steps(rate, grade, weight)
    yield group["application"].iloc[0], group["window_end"].iloc[0], start, steps, len(group)


def _interpolate(rate: Column) -> Column:
    """Evaluate the fitted map at `rate`: linear between its points, constant outside their range."""

    def add(total: Column, step: Column) -> Column:
        return total + step["slope"] * F.greatest(F.lit(0.0), F.least(rate, step["high"]) - step["low"])

    return F.aggregate(F.col("steps"), F.col("start"), add)
