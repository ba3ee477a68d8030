"""Relevance labels: a grade 0-4 for each (query, item) pair and cut, from behaviour, content and human grades.

1. The pairs of a cut are those shown in its window, those that people graded, and those with features on the day of the
   cut. Each has its counts (`label_traffic`), the counts of its query and of the whole cut, its grades and its content.
2. `calibration` fits a calibrator on a sample of the pairs of each cut, with all graded ones. It estimates a grade from
   what the traffic of a pair says (`signals`) and from what its content says (`priors`).
3. The label is the precision-weighted mean of the estimate and the grades. So a grade is strong evidence, but it is
   not the whole label of a pair. Each source of grades has a noise of its own (`graders`).

Content features are those of the day of the cut: they are made of what was known before it, as all of the label.
"""

from collections.abc import Callable, Iterable, Iterator, Mapping
from datetime import date
from typing import Any

import pyarrow as pa
import pyarrow.compute as pc
from pyspark.sql import DataFrame, Window
from pyspark.sql import functions as F

from ranking.features.maps import CONTENT, feature_map
from ranking.labels import calibration, clusters, label_horizons, label_traffic, rows, signals, splits
from ranking.labels.rows import Fitted
from ranking.labels.splits import LabelSettings
from ranking.logs.grades import by_people, machines, read_grades
from ranking.scratch import Place, keep

PAIR = ["application", "query", "item_id", "window_end"]
CUT = ["application", "window_end"]
SAMPLE = 40_000
"""Pairs of a cut on which its calibrator is fitted, at most; all graded pairs are taken beside them."""

Models = dict[tuple[str, date], Fitted]


def build(inputs: Mapping[str, DataFrame], params: Mapping[str, Any]) -> DataFrame:
    """Return one row per pair and cut, counting only what was known before 00:00 UTC of `window_end`.

    All windows are as long as the horizon in force says. Inputs: counts, horizons, propensities, judgments, features.
    Fitting reads a sample of the pairs in this process.
    """
    settings = LabelSettings.of(params, label_horizons.days_in_force(inputs["horizons"]))
    pairs = keep(_pairs(inputs, settings, params), Place.of(params).below("pairs"))
    models = _fit(pairs, settings, machines(params))
    strength = settings.pseudo_examinations
    kept = [*PAIR, "human_grade", "exam"]
    schema = f"{', '.join(f'{name} {kind}' for name, kind in zip(kept, KEPT_TYPES, strict=True))}, {rows.LABELS}"
    found = pairs.mapInArrow(_label_batches(models, kept, strength), schema)
    start = F.date_sub("window_end", settings.horizon)
    return found.withColumns({"window_start": start, "known_day": F.col("window_end")}).select(*COLUMNS)


def _pairs(inputs: Mapping[str, DataFrame], settings: LabelSettings, params: Mapping[str, Any]) -> DataFrame:
    """Return each pair of each cut with traffic, with all that its label depends on."""
    traffic = label_traffic.traffic(inputs["counts"], inputs["propensities"], settings, params)
    traffic = keep(traffic, Place.of(params).below("traffic"))
    cuts = traffic.select(*CUT).distinct()
    grades = _grades(read_grades(inputs["judgments"], params), cuts, machines(params))
    features = inputs["features"].withColumnRenamed("day", "window_end").join(cuts, CUT)
    features = features.select(*PAIR, feature_map(inputs["features"], CONTENT).alias("content"))
    joined = traffic.join(grades, PAIR, "full").join(features, PAIR, "full")
    joined = joined.join(_totals(traffic, CUT, "cut"), CUT)
    joined = joined.join(_totals(traffic, [*CUT, "query"], "query"), [*CUT, "query"], "left")
    exam = splits.is_exam(F.col("query"), settings.exam_share)
    none = F.create_map().cast("map<string,double>")
    ungraded = F.array().cast("array<struct<source:string,mean:double,count:double,spread:double>>")
    return joined.withColumns(
        {
            "exam": exam,
            "content": F.coalesce("content", none),
            "human_grade": F.round("human_grade", 6),
            "graded_by": F.coalesce("graded_by", ungraded),
        }
    )


def _grades(judgments: DataFrame, cuts: DataFrame, machines: frozenset[str]) -> DataFrame:
    """Return the grades of each pair that were known at each cut: by source, and mean and number of those by people.

    `judgments` has the columns that `read_grades` returns. `graded_by` is a list of structs: source, mean, number and
    spread of its grades (the sum of their squared distances from the mean), sorted by source.
    """
    known = judgments.join(cuts, "application").where(F.col("counts_from") < F.to_timestamp("window_end"))
    exact = F.col("grade").cast("decimal(12,6)")
    of_source = known.groupBy(*PAIR, "source").agg(
        F.sum(exact).alias("total"), F.count("*").alias("number"), F.max("weight").alias("weight"),
        F.sum(exact * exact).cast("double").alias("squares"),
    )  # fmt: skip
    mean = F.col("total").cast("double") / F.col("number")
    spread = F.greatest(F.lit(0.0), F.col("squares") - F.col("number") * mean * mean)
    entry = F.struct(
        "source", mean.alias("mean"), F.col("number").cast("double").alias("count"), spread.alias("spread")
    )
    total, number = (F.sum(F.when(by_people(machines), F.col(name))) for name in ("total", "number"))
    return of_source.groupBy(*PAIR).agg(
        (total.cast("double") / number).alias("human_grade"),
        F.coalesce(number, F.lit(0)).alias("human_grades"),
        F.max("weight").alias("grade_weight"),
        F.sort_array(F.collect_list(entry)).alias("graded_by"),
    )


def _totals(traffic: DataFrame, keys: list[str], name: str) -> DataFrame:
    """Return the counts of all pairs with the same keys. Examinations are summed exactly, in any order of rows."""
    sums = [
        F.sum(F.col(count).cast("decimal(24,6)")).cast("double").alias(f"{name}_{count}") for count in signals.COUNTS
    ]
    return traffic.groupBy(*keys).agg(*sums)


def _fit(pairs: DataFrame, settings: LabelSettings, machines: frozenset[str]) -> Models:
    """Fit a calibrator for each cut, on a sample that takes whole queries in the order of a hash."""
    by_query = Window.partitionBy(*CUT).orderBy(F.xxhash64("query"), "query", "item_id")
    graded = (F.size("graded_by") > 0) & ~F.col("exam")
    sampled = pairs.withColumn("place", F.row_number().over(by_query)).where((F.col("place") <= SAMPLE) | graded)
    table = sampled.toArrow().sort_by([(name, "ascending") for name in PAIR])
    return {cut: _fitted(part, settings, machines) for cut, part in _by_cut(table)}


def _fitted(part: pa.Table, settings: LabelSettings, machines: frozenset[str]) -> Fitted:
    names = rows.content_names(part)
    folds = clusters.folds(rows.texts(part["query"]), rows.texts(part["item_id"]))
    found = rows.pairs_of(part, names, folds, settings.pseudo_examinations)
    least, strength = settings.calibrate_from, settings.pseudo_examinations
    calibrator, noise = calibration.fit_by_source(found, rows.grading_of(part), machines, least, strength)
    return Fitted(calibrator, noise, names, folds)


def _by_cut(table: pa.Table) -> Iterator[tuple[tuple[str, date], pa.Table]]:
    """Yield the rows of each cut."""
    for cut in table.select(CUT).group_by(CUT).aggregate([]).to_pylist():
        same = pc.and_(*(pc.equal(table[name], cut[name]) for name in CUT))
        yield (cut["application"], cut["window_end"]), table.filter(same).combine_chunks()


def _label_batches(
    models: Models, kept: list[str], strength: float
) -> Callable[[Iterable[pa.RecordBatch]], Iterator[pa.RecordBatch]]:
    """Return a function that labels batches of pairs by the calibrators of their cuts."""

    def label(batches: Iterable[pa.RecordBatch]) -> Iterator[pa.RecordBatch]:
        for batch in batches:
            for cut, part in _by_cut(pa.Table.from_batches([batch])):
                labels = pa.table(rows.labelled(part, models[cut], strength))
                found = part.select(kept)
                for name in labels.column_names:
                    found = found.append_column(name, labels[name])
                yield from found.to_batches()

    return label


KEPT_TYPES = ("string", "string", "string", "date", "double", "boolean")
COLUMNS = [
    "application", "query", "item_id", "window_start", "window_end", "known_day", "grade", "confidence",
    "source", "evidence", "clicks", "long_clicks", "examination", "rate", "maturity", "human_grade",
    "human_grades", "exam", "extrapolated", "calibrator_version",
]  # fmt: skip
