"""Scores of the champion for each pair: the table that a search service reads."""

from collections.abc import Callable, Iterable, Iterator, Mapping
from typing import Any

import numpy as np
import pyarrow as pa
from pyspark.sql import Column, DataFrame
from pyspark.sql import functions as F

from ranking.features.maps import NAMED
from ranking.training import learner
from ranking.training.registry import champion_row, standing_of

SCHEMA = "application string, query string, item_id string, score double, model_version string, feature_day date"
KEYS = ["application", "query", "item_id", "day"]
RECORD_ROWS = 20_000  # rows per batch of scoring

Batches = Iterable[pa.RecordBatch]


def build(inputs: Mapping[str, DataFrame], params: Mapping[str, Any]) -> DataFrame:
    """Return one row per pair with features on the newest day of its application; none if there is no champion.

    Inputs: rankers, features, decisions. Scores can be compared only within a query. Each Spark task loads the model
    once. Raises ValueError if a feature of the ranker no longer exists, and ModelRefused for a broken artifact.
    """
    standing = standing_of(inputs["rankers"], inputs["decisions"])
    champion = champion_row(inputs["rankers"], standing)
    features = inputs["features"]
    names = list(learner.read_names(champion["features"])) if champion else []
    newest = features.groupBy("application").agg(F.max("day").alias("day"))
    pairs = features.join(F.broadcast(newest), ["application", "day"], "left_semi")
    if champion:
        _refuse_lost(champion["model_version"], names, pairs)
    score = _scorer(champion) if champion else _no_scores
    values = (_feature(name, pairs.columns).alias(f"x{number}") for number, name in enumerate(names))
    scored = pairs.select(*KEYS, *values).mapInArrow(score, SCHEMA)
    return scored.withColumn("served_because", F.lit(standing.explain()))


def _feature(name: str, columns: list[str]) -> Column:
    """Return a feature by its name, a column or an entry of `named`. It is null for a pair that lacks it.

    Names of entries may contain any character, so they are never used as column names.
    """
    value = F.col(name) if name in columns else F.element_at(NAMED, F.lit(name))
    return value.cast("float")


def _refuse_lost(version: str, names: list[str], pairs: DataFrame) -> None:
    """Raise ValueError if a feature that the ranker was trained on no longer exists for any pair."""
    entries = F.map_keys(NAMED) if NAMED in pairs.columns else F.array().cast("array<string>")
    named = pairs.select(F.explode(entries).alias("name")).distinct().toArrow()["name"].to_pylist()
    lost = sorted(set(names) - set(pairs.columns) - set(named))
    if lost and not pairs.isEmpty():
        raise ValueError(
            f"ranker {version} was trained on {', '.join(lost)}, which query_item_features no longer has; "
            "run train_ranker, so that a ranker with the current features can be promoted, and if a decision holds the "
            "present one, promote the new one by `tidemark ranker promote`"
        )


def _scorer(champion: Mapping[str, Any]) -> Callable[[Batches], Iterator[pa.RecordBatch]]:
    artifact, sha256, version = champion["artifact"], champion["sha256"], champion["model_version"]
    names = learner.read_names(champion["features"])

    def score(batches: Batches) -> Iterator[pa.RecordBatch]:
        model = learner.load_model(artifact, sha256, names)
        for batch in batches:
            for begins in range(0, batch.num_rows, RECORD_ROWS):
                yield _scored(batch.slice(begins, RECORD_ROWS), model, version)

    return score


def _scored(batch: pa.RecordBatch, model: learner.Model, version: str) -> pa.RecordBatch:
    values = (batch.column(len(KEYS) + number) for number in range(len(model.names)))
    columns = [column.to_numpy(zero_copy_only=False).astype(np.float32) for column in values]
    score = pa.array(model.predict(np.column_stack(columns)), pa.float64())
    keys = [batch.column(name) for name in ("application", "query", "item_id")]
    arrays = [*keys, score, pa.array([version] * batch.num_rows, pa.string()), batch.column("day")]
    return pa.RecordBatch.from_arrays(
        arrays, names=["application", "query", "item_id", "score", "model_version", "feature_day"]
    )


def _no_scores(batches: Batches) -> Iterator[pa.RecordBatch]:
    for _ in batches:
        yield from ()
