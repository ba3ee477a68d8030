"""The model registry, the rows of `rankers`, as training runs and scores read it."""

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

import pyarrow as pa
from pyspark.sql import DataFrame
from pyspark.sql import functions as F

from ranking.training import learner

# The types are explicit, because some columns are null if nothing could be trained. The spec describes the columns.
_TYPES: list[tuple[str, pa.DataType]] = [
    ("model_version", pa.string()),
    ("version", pa.int64()),
    ("promoted", pa.bool_()),
    ("verdict", pa.string()),
    ("artifact", pa.binary()),
    ("sha256", pa.string()),
    ("features", pa.string()),
    ("metrics", pa.string()),
    ("parameters", pa.string()),
    ("snapshots", pa.string()),
    ("trained_from", pa.date32()),
    ("trained_through", pa.date32()),
    ("tested_through", pa.date32()),
    ("training_rows", pa.int64()),
    ("test_rows", pa.int64()),
]
SCHEMA = pa.schema(_TYPES)


@dataclass(frozen=True)
class Registry:
    """The registry before a run: its newest version number (0 if empty) and the loaded champion (None without one)."""

    newest: int
    champion_version: str | None
    champion: learner.Model | None


def champion_row(rankers: DataFrame) -> Mapping[str, Any] | None:
    """Return version, artifact, checksum and features of the newest promoted row, or None if there is none."""
    columns = ("model_version", "artifact", "sha256", "features")
    newest = rankers.where("promoted").orderBy(F.desc("version")).select(*columns).limit(1).toArrow().to_pylist()
    return newest[0] if newest else None


def read(rankers: DataFrame) -> Registry:
    """Read the registry. Raises ModelRefused if the artifact of the champion is not what its row says."""
    newest = rankers.agg(F.max("version").alias("newest")).toArrow()["newest"][0].as_py() or 0
    row = champion_row(rankers)
    if row is None:
        return Registry(newest, None, None)
    model = learner.load_model(row["artifact"], row["sha256"], learner.read_names(row["features"]))
    return Registry(newest, row["model_version"], model)
