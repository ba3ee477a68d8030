"""Relevance labels: a grade 0-4 for each (query, item) and cut, from behaviour and human grades.

The plain estimate is long clicks per examination, drawn towards the rate of the query, and that towards the
rate of the application. A fixed map, or one fitted on human grades where there are enough, makes it a grade.
A human grade is strong evidence, not a verdict: the label is the precision-weighted mean of the two.
"""

from collections.abc import Mapping
from typing import Any

from pyspark.sql import Column, DataFrame
from pyspark.sql import functions as F

from ranking.labels import calibration, label_traffic, splits
from ranking.labels.splits import LabelSettings
from ranking.logs.grades import read_grades

PAIR = ["application", "query", "item_id", "window_end"]
CUT = ["application", "window_end"]
HUMAN_PRECISION = 4.0  # per grade; a standard deviation of half a grade, as between trained graders


def build(inputs: Mapping[str, DataFrame], params: Mapping[str, Any]) -> DataFrame:
    """One row a pair and cut: pairs shown in the window, and graded pairs of applications with traffic in it.

    Inputs: interactions, propensities, judgments. Counts what was known before 00:00 of `window_end`.
    """
    settings = LabelSettings.of(params)
    traffic = label_traffic.traffic(inputs["interactions"], inputs["propensities"], settings, params)
    grades = _grades(read_grades(inputs["judgments"], params), traffic.select(*CUT).distinct())
    pairs = _with_rates(traffic.join(grades, PAIR, "full"), traffic, settings)
    pairs = pairs.withColumn("exam", splits.is_exam(F.col("query"), settings.exam_share))
    pairs = pairs.withColumn("usable_grade", F.when(~F.col("exam"), F.col("human_grade")))
    return _labelled(calibration.calibrate(pairs, settings.calibrate_from), settings)


def _grades(judgments: DataFrame, cuts: DataFrame) -> DataFrame:
    """The mean human grade of a pair as known at each cut. Takes what `read_grades` gives."""
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
    """Adds `rate`, long clicks per examination, smoothed, and `relative_rate`, over the application's own."""
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
    return (successes + strength * prior) / (trials + strength)


def _labelled(pairs: DataFrame, settings: LabelSettings) -> DataFrame:
    """Weighs estimate and human grade by their precision and says where the label came from."""
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
