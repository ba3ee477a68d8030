"""The model registry, the rows of `rankers`, as training runs and scores read it."""

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

import pyarrow as pa
from pyspark.sql import DataFrame
from pyspark.sql import functions as F

from ranking.training import learner
from ranking.training.champion import RUN_COLUMNS, Standing, read_standing

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
    """The registry before a run: its rows without artifacts, who is champion and why, and the champion's model."""

    rows: tuple[Mapping[str, Any], ...]
    standing: Standing
    champion: learner.Model | None

    @property
    def newest(self) -> int:
        """The highest version number; 0 if the registry is empty."""
        return max((row["version"] for row in self.rows), default=0)

    @property
    def champion_version(self) -> str | None:
        """The model version of the champion, None without one."""
        return self.standing.champion.model_version if self.standing.champion else None


def champion_row(rankers: DataFrame, standing: Standing) -> Mapping[str, Any] | None:
    """Return version, artifact, checksum and features of the champion, or None if there is none."""
    if standing.champion is None:
        return None
    columns = ("model_version", "artifact", "sha256", "features")
    served = rankers.where(F.col("model_version") == standing.champion.model_version).select(*columns)
    row: Mapping[str, Any] = served.limit(1).toArrow().to_pylist()[0]
    return row


def standing_of(rankers: DataFrame, decisions: DataFrame) -> Standing:
    """Return who is champion and why, from the two tables."""
    return read_standing(rankers.select(*RUN_COLUMNS).toArrow().to_pylist(), decisions.toArrow().to_pylist())


def read(rankers: DataFrame, decisions: DataFrame) -> Registry:
    """Read the registry. Raises ModelRefused if the artifact of the champion is not what its row says."""
    rows = rankers.select(*RUN_COLUMNS, "snapshots").toArrow().to_pylist()
    standing = read_standing(rows, decisions.toArrow().to_pylist())
    row = champion_row(rankers, standing)
    model = learner.load_model(row["artifact"], row["sha256"], learner.read_names(row["features"])) if row else None
    return Registry(tuple(rows), standing, model)
