"""Relevance labels: a grade 0-4 for each (query, item) pair and cut, from behaviour and human grades.

1. The rate of a pair is its long clicks per expected examination, smoothed towards the rate of its query, which is
   itself smoothed towards the rate of the application: (long_clicks + k * prior) / (examination + k), where k is the
   setting `pseudo_examinations`.
2. `calibration` maps the rate to an estimated grade, by a fixed map, or by one fitted on human grades if there are
   enough of them.
3. The label is the precision-weighted mean of the estimate and the human grades. The estimate has the precision
   examination / (examination + k), and each human grade `HUMAN_PRECISION`. So a human grade is strong
   evidence, but it is not the whole label of a pair with traffic.
"""

from collections.abc import Mapping
from typing import Any

from pyspark.sql import Column, DataFrame
from pyspark.sql import functions as F

from ranking.labels import calibration, label_horizons, label_traffic, splits
from ranking.labels.splits import LabelSettings
from ranking.logs.grades import read_grades

PAIR = ["application", "query", "item_id", "window_end"]
CUT = ["application", "window_end"]
HUMAN_PRECISION = 4.0  # of each grade: a standard deviation of half a grade, as between trained graders


def build(inputs: Mapping[str, DataFrame], params: Mapping[str, Any]) -> DataFrame:
    """Return one row per pair and cut, counting only what was known before 00:00 UTC of `window_end`.

    The pairs are those shown in the window, and graded pairs of applications that have traffic in the window.
    All windows are as long as the horizon in force says. Inputs: counts, horizons, propensities, judgments.
    """
    settings = LabelSettings.of(params, label_horizons.days_in_force(inputs["horizons"]))
    traffic = label_traffic.traffic(inputs["counts"], inputs["propensities"], settings, params)
    grades = _grades(read_grades(inputs["judgments"], params), traffic.select(*CUT).distinct())
    pairs = _with_rates(traffic.join(grades, PAIR, "full"), traffic, settings)
    pairs = pairs.withColumn("exam", splits.is_exam(F.col("query"), settings.exam_share))
    pairs = pairs.withColumn("usable_grade", F.when(~F.col("exam"), F.col("human_grade")))
    return _labelled(calibration.calibrate(pairs, settings.calibrate_from), settings)


def _grades(judgments: DataFrame, cuts: DataFrame) -> DataFrame:
    """Return the mean and number of the human grades of each pair that were known at each cut.

    `judgments` has the columns that `read_grades` returns.
    """
    return (
        judgments.join(cuts, "application")
        .where(F.col("counts_from") < F.to_timestamp("window_end"))
        .groupBy(*PAIR)
        .agg(
            F.avg(F.col("grade").cast("decimal(12,6)")).cast("double").alias("human_grade"),
            F.count("*").alias("human_grades"),
            F.max("weight").alias("grade_weight"),
        )
    )


def _with_rates(pairs: DataFrame, traffic: DataFrame, settings: LabelSettings) -> DataFrame:
    """Add `rate` (smoothed long clicks per examination) and `relative_rate` (rate over the application's rate)."""
    strength = F.lit(settings.pseudo_examinations)
    overall = _totals(traffic, CUT, "all")
    queries = _totals(traffic, ["application", "query", "window_end"], "query")
    joined = pairs.join(overall, CUT).join(queries, ["application", "query", "window_end"], "left")
    overall_rate = F.col("all_long") / F.greatest(F.col("all_looks"), F.lit(1e-9))
    prior = _smoothed(F.coalesce("query_long", F.lit(0)), F.coalesce("query_looks", F.lit(0.0)), overall_rate, strength)
    looks = F.coalesce("examination", F.lit(0.0))
    rate = _smoothed(F.coalesce("long_clicks", F.lit(0)), looks, prior, strength)
    relative = F.coalesce(F.try_divide(rate, overall_rate), F.lit(0.0))
    return joined.withColumns({"examination": looks, "rate": rate, "relative_rate": F.round(relative, 9)})


def _totals(traffic: DataFrame, keys: list[str], name: str) -> DataFrame:
    looks = F.sum(F.col("examination").cast("decimal(24,6)")).cast("double").alias(f"{name}_looks")
    return traffic.groupBy(*keys).agg(F.sum("long_clicks").alias(f"{name}_long"), looks)


def _smoothed(successes: Column, trials: Column, prior: Column, strength: Column) -> Column:
    """Return a rate that starts at `prior`, which weighs as much as `strength` trials."""
    return (successes + strength * prior) / (trials + strength)


def _labelled(pairs: DataFrame, settings: LabelSettings) -> DataFrame:
    """Combine the estimate and the human grades into the label, and state its confidence and source."""
    seen = F.coalesce("impressions", F.lit(0)).cast("long")
    trust = F.col("examination") / (F.col("examination") + F.lit(settings.pseudo_examinations))
    graded = F.col("usable_grade").isNotNull()
    human = F.when(graded, F.lit(HUMAN_PRECISION) * F.col("human_grades")).otherwise(0.0)
    mixed = F.try_divide(human * F.col("usable_grade") + trust * F.col("estimated_grade"), human + trust)
    grade = F.when(graded, mixed).otherwise(F.col("estimated_grade"))
    source = F.when(graded & (seen > 0), "both").when(graded, "human").when(seen > 0, "behaviour").otherwise("prior")
    counts = {name: F.coalesce(name, F.lit(0)).cast("long") for name in ("clicks", "long_clicks", "human_grades")}
    return pairs.withColumns(
        {
            **counts,
            "window_start": F.date_sub("window_end", settings.horizon),
            "known_day": F.col("window_end"),
            "grade": F.round(F.least(F.greatest(grade, F.lit(0.0)), F.lit(4.0)), 6),
            "confidence": F.round((human + trust) / (human + trust + F.when(graded, 1.0).otherwise(1 - trust)), 6),
            "source": source,
            "evidence": seen,
            "examination": F.round("examination", 6),
            "rate": F.round("rate", 9),
            "maturity": F.round(F.try_divide("matured", seen), 6),
            "human_grade": F.round("human_grade", 6),
        }
    ).select(*COLUMNS)


COLUMNS = [
    "application", "query", "item_id", "window_start", "window_end", "known_day", "grade", "confidence",
    "source", "evidence", "clicks", "long_clicks", "examination", "rate", "maturity", "human_grade",
    "human_grades", "exam", "calibrator_version",
]  # fmt: skip
