"""The model registry, the rows of `rankers`, as training runs and scores read it."""

import json
from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import date, timedelta
from typing import Any

import pyarrow as pa
from pyspark.sql import DataFrame
from pyspark.sql import functions as F

from ranking.training import learner
from ranking.training.champion import RUN_COLUMNS, Run, Standing, read_standing
from ranking.training.recipe import Recipe

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
    ("drifted", pa.int64()),
]
SCHEMA = pa.schema(_TYPES)


QUARTER = timedelta(days=91)


@dataclass(frozen=True)
class Registry:
    """The registry before a run: its rows without artifacts, who is champion and why, and the models to compare with.

    `champion` is the model of the champion, and `champion_metrics` are the metrics of its row. `former` is the model of
    the champion of a quarter ago, or of the first champion if that is later; None if it is the champion itself.
    """

    rows: tuple[Mapping[str, Any], ...]
    standing: Standing
    champion: learner.Model | None
    former: learner.Model | None = None
    champion_metrics: Mapping[str, Any] = field(default_factory=dict)

    @property
    def newest(self) -> int:
        """The highest version number; 0 if the registry is empty."""
        return max((row["version"] for row in self.rows), default=0)

    @property
    def champion_version(self) -> str | None:
        """The model version of the champion, None without one."""
        return self.standing.champion.model_version if self.standing.champion else None

    @property
    def champion_recipe(self) -> Recipe | None:
        """The recipe of the champion, None without one. Settings that its version did not have count as today's."""
        version = self.champion_version
        known = next((row["parameters"] for row in self.rows if row["model_version"] == version), None)
        return Recipe.from_json(known) if known else None


def champion_row(rankers: DataFrame, standing: Standing) -> Mapping[str, Any] | None:
    """Return version, artifact, checksum and features of the champion, or None if there is none."""
    return _artifact(rankers, standing.champion) if standing.champion is not None else None


def standing_of(rankers: DataFrame, decisions: DataFrame) -> Standing:
    """Return who is champion and why, from the two tables."""
    return read_standing(rankers.select(*RUN_COLUMNS).toArrow().to_pylist(), decisions.toArrow().to_pylist())


def read(rankers: DataFrame, decisions: DataFrame) -> Registry:
    """Read the registry. Raises ModelRefused if the artifact of the champion is not what its row says."""
    rows = rankers.select(*RUN_COLUMNS, "snapshots", "parameters", "tested_through").toArrow().to_pylist()
    standing = read_standing(rows, decisions.toArrow().to_pylist())
    tested = {row["model_version"]: row["tested_through"] for row in rows}
    champion = _model(rankers, standing.champion)
    former = _former(rankers, find_former(standing, tested))
    return Registry(tuple(rows), standing, champion, former, _metrics(rankers, standing.champion))


def _metrics(rankers: DataFrame, run: Run | None) -> Mapping[str, Any]:
    """Return the metrics of a run; nothing without a run."""
    if run is None:
        return {}
    row = rankers.where(F.col("model_version") == run.model_version).select("metrics").limit(1).toArrow().to_pylist()[0]
    found: Mapping[str, Any] = json.loads(row["metrics"])
    return found


def _former(rankers: DataFrame, run: Run | None) -> learner.Model | None:
    """Load the former champion. An artifact that cannot be loaded is no anchor, and stops no training."""
    try:
        return _model(rankers, run)
    except learner.ModelRefused:
        return None


def find_former(standing: Standing, tested: Mapping[str, date | None]) -> Run | None:
    """Return the champion of a quarter ago, or the first one if that is later; None if it is the champion itself.

    `tested` has the end of the test days of each run.
    """
    ends = [end for end in tested.values() if end is not None]
    if standing.champion is None or not standing.earlier or not ends:
        return None
    champions = (*standing.earlier, standing.champion)
    ago = max(ends) - QUARTER
    old = [run for run in champions if (end := tested.get(run.model_version)) is not None and end <= ago]
    found = old[-1] if old else champions[0]
    return None if found.sha256 == standing.champion.sha256 else found


def _model(rankers: DataFrame, run: Run | None) -> learner.Model | None:
    """Load the model of a run, if there is one."""
    if run is None:
        return None
    row = _artifact(rankers, run)
    return learner.load_model(row["artifact"], row["sha256"], learner.read_names(row["features"]))


def _artifact(rankers: DataFrame, run: Run) -> Mapping[str, Any]:
    columns = ("model_version", "artifact", "sha256", "features")
    served = rankers.where(F.col("model_version") == run.model_version).select(*columns)
    row: Mapping[str, Any] = served.limit(1).toArrow().to_pylist()[0]
    return row
