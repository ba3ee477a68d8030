"""Pairs of a cut as arrays: from the columns of a Spark frame to the input of a calibrator, and back to label rows."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np
import numpy.typing as npt
import pyarrow as pa
import pyarrow.compute as pc

from ranking.labels import priors, signals
from ranking.labels.calibrators import Calibrator
from ranking.labels.graders import BySource, Noise
from ranking.labels.pairs import Grading, Pairs
from ranking.traffic import arrivals
from ranking.training import matrices

Numbers = npt.NDArray[np.float64]
NUMBERS = (
    *signals.COUNTS, "ripe", *(f"{of}_{name}" for of in ("query", "cut") for name in signals.COUNTS),
    "human_grades", "grade_weight",
)  # fmt: skip
"""The columns of a pair that are numbers. They are null without traffic or grades."""
ENTRY = ("source", "mean", "count", "spread")
"""The fields of an entry of `graded_by`: the grades of a pair by one source."""
LABELS = (
    "grade double, confidence double, source string, evidence long, clicks long, long_clicks long, "
    "examination double, rate double, maturity double, human_grades long, extrapolated boolean, "
    "calibrator_version string"
)
"""The columns that `labelled` adds."""


@dataclass(frozen=True)
class Fitted:
    """The calibrator of a cut, with what it was fitted on.

    `noise` is that of the sources of grades, `names` are the content features, `folds` has the fold of each query.
    """

    calibrator: Calibrator
    noise: Noise
    names: tuple[str, ...]
    folds: Mapping[str, int]


def content_names(table: pa.Table) -> tuple[str, ...]:
    """Return the names of the content features that any of the pairs has, sorted."""
    return tuple(sorted(matrices.map_keys(table["content"])))


def pairs_of(table: pa.Table, names: Sequence[str], folds: Mapping[str, int], strength: float) -> Pairs:
    """Return the pairs of one cut. `strength` is the weight of the prior of the rate, in examinations."""
    number = {name: _number(table[name]) for name in NUMBERS}
    own, query, cut = ({name: number[f"{of}{name}"] for name in signals.COUNTS} for of in ("", "query_", "cut_"))
    whole = {name: float(values[0]) if len(values) else 0.0 for name, values in cut.items()}
    overall = whole["long_clicks"] / max(whole["examination"], signals.TINY)
    of_query = signals.smoothed(query["long_clicks"], query["examination"], overall, strength)
    queries = texts(table["query"])
    _, place = np.unique(np.array(queries, dtype=np.str_), return_inverse=True)
    return Pairs(
        signals=signals.signals(own, query, whole),
        content=matrices.from_map(table["content"], names).astype(np.float64),
        query=place.astype(np.int64),
        fold=np.array([folds.get(text, priors.UNKNOWN) for text in queries], dtype=np.int64),
        impressions=own["impressions"],
        examination=own["examination"],
        rate=signals.smoothed(own["long_clicks"], own["examination"], of_query, strength),
        long_clicks=own["long_clicks"],
        query_impressions=query["impressions"],
        overall_rate=overall,
    )


def grading_of(table: pa.Table) -> Grading:
    """Return the grades of the pairs, by source."""
    lists = table["graded_by"].combine_chunks()
    entries = pa.table(dict(zip(ENTRY, pc.list_flatten(lists).flatten(), strict=True)))
    numbers = {name: _number(entries[name]) for name in ENTRY[1:]}
    return Grading(
        BySource(
            pair=pc.list_parent_indices(lists).to_numpy().astype(np.int64),
            source=np.array(entries["source"].to_pylist(), dtype=np.str_),
            **numbers,
        ),
        weight=_number(table["grade_weight"]),
        allowed=~table["exam"].to_numpy(zero_copy_only=False).astype(np.bool_),
    )


def labelled(table: pa.Table, fitted: Fitted, strength: float) -> dict[str, Any]:
    """Return the columns `LABELS` of the pairs of one cut.

    The label is the precision-weighted mean of the estimate and the mean of the usable grades.
    """
    pairs, grades = pairs_of(table, fitted.names, fitted.folds, strength), grading_of(table).with_noise(fitted.noise)
    estimate, calibrator = fitted.calibrator.estimate(pairs), fitted.calibrator
    usable, by_people = grades.usable, _number(table["human_grades"])
    human = np.where(usable, grades.precision, 0.0)
    mixed = human * np.nan_to_num(grades.mean) + estimate.precision * estimate.grade
    total = human + estimate.precision
    grade = np.where(usable, mixed / np.where(usable, total, 1.0), estimate.grade)
    seen = pairs.impressions
    ripe = _number(table["ripe"]) / arrivals.MILLION
    maturity = np.divide(ripe, seen, out=np.full(len(seen), np.nan), where=seen > 0)
    return {
        "grade": np.round(np.clip(grade, 0.0, 4.0), 6),
        "confidence": np.round(total / (total + np.where(usable, calibrator.base_precision, estimate.doubt)), 6),
        "source": _source(usable & (by_people > 0), seen > 0),
        "evidence": seen.astype(np.int64),
        "clicks": _number(table["clicks"]).astype(np.int64),
        "long_clicks": pairs.long_clicks.astype(np.int64),
        "examination": np.round(pairs.examination, 6),
        "rate": np.round(pairs.rate, 9),
        "maturity": pa.array(np.round(maturity, 6), from_pandas=True),
        "human_grades": by_people.astype(np.int64),
        "extrapolated": estimate.extrapolated & ~usable,
        "calibrator_version": [calibrator.version] * len(seen),
    }


def _source(graded: npt.NDArray[np.bool_], shown: npt.NDArray[np.bool_]) -> list[str]:
    names = {(True, True): "both", (True, False): "human", (False, True): "behaviour", (False, False): "prior"}
    return [names[pair] for pair in zip(graded.tolist(), shown.tolist(), strict=True)]


def _number(column: Any) -> Numbers:
    """Return a column as numbers, with 0 for null."""
    return np.asarray(np.nan_to_num(column.to_numpy(zero_copy_only=False).astype(np.float64)))


def texts(column: Any) -> list[str]:
    """Return a column of texts."""
    return list(map(str, column.to_pylist()))
